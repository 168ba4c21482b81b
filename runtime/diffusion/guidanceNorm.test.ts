import { dispose, memory, type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { normals } from '../core/random.ts';
import { guidanceNorm } from './guidanceNorm.ts';
import { toEps } from './prediction.ts';
import type { PredictionType } from './schedulerConfig.ts';

const SHAPE: [number, number, number, number] = [2, 3, 4, 5];
const draw = (stream: number) => tensor4d(normals(1, stream, 120), SHAPE);

/** By its definition: the root mean square, image by image, of the difference of the noises that outputs stand for. */
async function naive(type: PredictionType, guided: Tensor4D, uncond: Tensor4D, alphaBar: number): Promise<number[]> {
  const xt = draw(9); // whatever it is
  const eps = [guided, uncond].map((output) => toEps(type, output, xt, alphaBar));
  const [a, b] = (await Promise.all(eps.map((tensor) => tensor.data()))) as Float32Array[];
  dispose([...eps, xt]);
  return [0, 1].map((image) => {
    let sum = 0;
    for (let i = 60 * image; i < 60 * (image + 1); i++) sum += (a![i]! - b![i]!) ** 2;
    return Math.sqrt(sum / 60);
  });
}

describe('guidanceNorm', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'cpu' });
  });

  it.each([
    ['epsilon', 0.3],
    ['epsilon', 0],
    ['v_prediction', 0.3],
    ['v_prediction', 0],
    ['v_prediction', 1],
    ['sample', 0.3],
    ['sample', 0],
  ] as const)('is the difference of the noises that a %s stands for, at alphaBar %f', async (type, alphaBar) => {
    const [guided, uncond] = [draw(1), draw(2)];
    const { numTensors } = memory();
    const norm = guidanceNorm(type, guided, uncond, alphaBar);
    expect(memory().numTensors).toBe(numTensors + 1);
    expect(norm.shape).toEqual([2]);
    const expected = await naive(type, guided, uncond, alphaBar);
    Array.from(await norm.data()).forEach((value, image) => {
      expect(value).toBeCloseTo(expected[image]!, 5);
    });
    dispose([guided, uncond, norm]);
  });

  it('refuses a clean image where there is no noise', () => {
    const [guided, uncond] = [draw(1), draw(2)];
    expect(() => guidanceNorm('sample', guided, uncond, 1)).toThrow(/alphaBar is 1; expected below 1/);
    dispose([guided, uncond]);
  });
});
