import { backend, dispose, ones, type Tensor, type Tensor1D, type Tensor4D, zeros } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { selectBackend } from '../../../backends/selectBackend.ts';
import { runToEnd } from '../../../core/slices.ts';
import { conv2d } from '../../conv2d.ts';
import type { WasmBackend } from '../../wasm/context.ts';
import { currentRecorder, forgetRecordings, replayed } from '../recordings.ts';

describe('recordings on wasm', () => {
  let weights: [filter: Tensor4D, bias: Tensor1D];
  beforeAll(async () => {
    await selectBackend({ backend: 'wasm' });
    dispose(ones([1])); // Emscripten's _free puts another function in its own place at its first call
    weights = [ones([3, 3, 16, 16]), zeros([16])];
    return () => dispose(weights);
  });

  const shapeOf = (numImages: number) => [numImages, 4, 4, 16];

  function convolve(owner: object, numImages: number): void {
    const recorder = currentRecorder()!;
    const [x, y] = [ones(shapeOf(numImages)), recorder.emptyTensor(shapeOf(numImages))];
    const graph = () => recorder.traced((newInput) => [conv2d(newInput(x.shape) as Tensor4D, ...weights)]);
    expect(runToEnd(replayed(owner, `${numImages}`, graph, [x], [y]))).toBe(true);
    expect(y.dataSync()[16 * 5]).toBe(9 * 16); // all nine taps of all channels, in the middle
    dispose([x, y] as Tensor[]);
  }

  it('share the packed weights, and free all of their memory', () => {
    const { wasm } = backend() as unknown as WasmBackend;
    const taken = vi.spyOn(wasm, '_malloc');
    const freed = vi.spyOn(wasm, '_free');
    const owner = {};
    const numBlocks = () => taken.mock.results.length - freed.mock.calls.length;
    convolve(owner, 1);
    const first = numBlocks();
    convolve(owner, 1);
    expect(numBlocks()).toBe(first);
    convolve(owner, 2);
    const filterAgain = numBlocks() - first;
    expect(filterAgain, 'kept and scratch memory alone').toBe(2);
    forgetRecordings(owner);
    expect(numBlocks()).toBe(0);
    vi.restoreAllMocks();
  });

  it('are made as soon as there is memory again', () => {
    const { wasm } = backend() as unknown as WasmBackend;
    const owner = {};
    const [x, y] = [ones(shapeOf(1)), currentRecorder()!.emptyTensor(shapeOf(1))];
    const graph = () => currentRecorder()!.traced((input) => [conv2d(input(x.shape) as Tensor4D, ...weights)]);
    vi.spyOn(wasm, '_malloc').mockReturnValue(0);
    expect(runToEnd(replayed(owner, '1', graph, [x], [y]))).toBe(false);
    vi.restoreAllMocks();
    convolve(owner, 1);
    forgetRecordings(owner);
    dispose([x, y] as Tensor[]);
  });

  it('refuse what is larger than a recording may be', () => {
    const recorder = currentRecorder()!;
    const shape = [1, 2 ** 13, 2 ** 12, 1];
    const graph = () => recorder.traced((newInput) => [conv2d(newInput(shape) as Tensor4D, ones([1, 1, 1, 1]), null)]);
    expect(runToEnd(replayed({}, 'large', graph, [], []))).toBe(false);
  });
});
