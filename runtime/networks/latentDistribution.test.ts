import { memory, type Tensor, tensor2d, tensor4d } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, valuesOn } from '../../scripts/testing/backends.ts';
import { expectClose } from '../testing/matchers.ts';
import { distributionOf, klOfValues, meanOf, sampleLatents, stdOf } from './latentDistribution.ts';

describeOnBackends((backend) => {
  it.each([
    ['maps of latents', tensor4d, [1, 1, 2, 4]],
    ['one vector for an image', tensor2d, [2, 4]],
  ] as const)('splits moments along their last axis: %s', async (_, tensorOf, shape) => {
    const half = shape.map((length, axis) => (axis === shape.length - 1 ? 2 : length));
    const [mean, logVar, meanAlone] = await valuesOn(backend, () => {
      const moments: Tensor = tensorOf([1, 2, 3, 4, 5, 6, -500, 500], shape as never);
      const distribution = distributionOf(moments);
      return [distribution.mean, distribution.logVar, meanOf(moments)];
    });
    expect(mean).toEqual({ shape: half, values: Float32Array.of(1, 2, 5, 6) });
    expect(logVar).toEqual({ shape: half, values: Float32Array.of(3, 4, -30, 20) });
    expect(meanAlone).toEqual(mean);
  });

  it('draws latents of the distribution’s mean and variance', async () => {
    const count = 40_000;
    const eps = draw(6, [count, 1, 1, 2]);
    const fill = (values: number[]) => ({
      shape: eps.shape,
      values: Float32Array.from(eps.values, (_, i) => values[i % 2]!),
    });
    const [z] = await valuesOn(backend, () => [
      sampleLatents(
        { mean: toTensor(fill([3, -1])), logVar: toTensor(fill([Math.log(4), Math.log(0.25)])) },
        toTensor(eps),
      ),
    ]);
    for (const [channel, mean, std] of [
      [0, 3, 2],
      [1, -1, 0.5],
    ] as const) {
      const drawn = z!.values.filter((_, i) => i % 2 === channel);
      const average = drawn.reduce((a, b) => a + b, 0) / count;
      const variance = drawn.reduce((a, b) => a + (b - average) ** 2, 0) / count;
      expect(Math.abs(average - mean)).toBeLessThan((5 * std) / Math.sqrt(count));
      expect(Math.abs(Math.sqrt(variance) / std - 1)).toBeLessThan(5 / Math.sqrt(2 * count));
    }
  });

  it('has the standard deviations and the divergences of the closed forms', async () => {
    const [mean, std] = [
      [0, 0, 1.5, -2, 0.3],
      [1, 3, 1, 0.5, 0.01],
    ];
    const logVar = std!.map((value) => 2 * Math.log(value));
    const [stds, kl] = await valuesOn(backend, () => {
      const distribution = { mean: tensor2d(mean!, [1, 5]), logVar: tensor2d(logVar, [1, 5]) };
      return [stdOf(distribution), klOfValues(distribution)];
    });
    expectClose(stds!.values, std!);
    // KL(N(mean, std²) ‖ N(0, 1)) = (std² + mean² − 1) / 2 − ln std
    const expected = mean!.map((value, i) => (std![i]! ** 2 + value ** 2 - 1) / 2 - Math.log(std![i]!));
    expectClose(kl!.values, expected);
    expect(kl!.values[0]).toBe(0);
  });

  it('leaves its results alone behind', () => {
    const moments = tensor2d([1, 2, 3, 4], [2, 2]);
    const before = memory().numTensors;
    const distribution = distributionOf(moments);
    expect(memory().numTensors).toBe(before + 2);
    const results = [stdOf(distribution), klOfValues(distribution), sampleLatents(distribution, distribution.mean)];
    expect(memory().numTensors).toBe(before + 5);
    for (const tensor of [...results, distribution.mean, distribution.logVar, moments]) tensor.dispose();
  });
});
