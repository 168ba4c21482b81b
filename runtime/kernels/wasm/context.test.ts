import { backend, dispose, engine, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { draw, toTensor } from '../../../scripts/testing/backends.ts';
import { selectBackend } from '../../backends/selectBackend.ts';
import { expectClose } from '../../testing/matchers.ts';
import { loadSimdKernels, type WasmBackend, WasmContext } from './context.ts';
import { wasmConv2d } from './conv2d.ts';
import { wasmNormAndAttention } from './normAndAttention.ts';

const BORDER = { top: 1, bottom: 1, left: 1, right: 1 };
const CONV = { stride: 1, padding: BORDER, circular: false };

/** The kernels as an engine loads them that knows relaxed SIMD, or does not. */
async function kernelsOf(knowsRelaxed: boolean): Promise<WasmContext> {
  vi.spyOn(WebAssembly, 'validate').mockReturnValue(knowsRelaxed);
  const wasm = backend() as unknown as WasmBackend;
  return new WasmContext(wasm, await loadSimdKernels(wasm));
}

const CASES: Record<string, { shapes: number[][]; run(ctx: WasmContext, inputs: Tensor[]): TensorInfo }> = {
  'a convolution in tiles of 4×4': {
    shapes: [
      [1, 16, 20, 16],
      [3, 3, 16, 24],
    ],
    run: (ctx, [x, filter]) => wasmConv2d.conv2d(ctx, { x: x!, filter: filter! }, CONV),
  },
  'a convolution in tiles of 2×2': {
    shapes: [
      [1, 4, 4, 16],
      [3, 3, 16, 16],
    ],
    run: (ctx, [x, filter]) => wasmConv2d.conv2d(ctx, { x: x!, filter: filter! }, CONV),
  },
  'a convolution of few channels': {
    shapes: [
      [2, 5, 7, 3],
      [3, 3, 3, 20],
    ],
    run: (ctx, [x, filter]) => wasmConv2d.conv2d(ctx, { x: x!, filter: filter! }, CONV),
  },
  'group normalisation and SiLU': {
    shapes: [[2, 6, 6, 24], [24], [24]],
    run: (ctx, [x, gamma, beta]) =>
      wasmNormAndAttention.groupNorm(
        ctx,
        { x: x!, gamma: gamma!, beta: beta! },
        { numGroups: 8, epsilon: 1e-6, silu: true },
      ),
  },
  attention: {
    shapes: [
      [1, 36, 32],
      [1, 36, 32],
      [1, 36, 32],
    ],
    run: (ctx, [q, k, v]) => wasmNormAndAttention.attention(ctx, { q: q!, k: k!, v: v! }, { numHeads: 2 }),
  },
};

describe('kernels of engines without relaxed SIMD', () => {
  beforeAll(() => selectBackend({ backend: 'wasm' }));
  afterEach(() => vi.restoreAllMocks());

  it.each(Object.entries(CASES))('round otherwise, and compute the same: %s', async (_, { shapes, run }) => {
    const [fused, plain] = [await kernelsOf(true), await kernelsOf(false)];
    const inputs = shapes.map((shape, i) => toTensor(draw(i + 1, shape)));
    const [expected, actual] = [fused, plain].map((ctx) => {
      const result = engine().makeTensorFromTensorInfo(run(ctx, inputs));
      const values = result.dataSync();
      dispose([result]);
      return values;
    });
    dispose(inputs);
    expectClose(actual!, expected!, { absolute: 0, relative: 3e-6 });
    expect(actual).not.toEqual(expected);
  });
});
