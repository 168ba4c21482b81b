import { expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, valuesOn } from '../../scripts/testing/backends.ts';
import { expectClose } from '../testing/matchers.ts';
import { tinyVaeConfig } from '../testing/tinyNetworks.ts';
import type { AutoencoderKlConfig } from './autoencoderKlConfig.ts';
import {
  latentScaler,
  pixelStatistics,
  scaleLatents,
  standardiser,
  statisticsOfConfig,
  unscaleLatents,
} from './latentScaling.ts';

const SCALES: Partial<AutoencoderKlConfig>[] = [
  { scaling_factor: 0.37 },
  { scaling_factor: 1.5, shift_factor: -0.25 },
  { scaling_factor: 2, latents_mean: [1, -2, 0, 0.5], latents_std: [0.5, 2, 1, 4] },
];

describeOnBackends((backend) => {
  it.each(SCALES)('scales latents and back: %o', async (options) => {
    const config = tinyVaeConfig(options);
    const z = draw(7, [2, 2, 3, 4]);
    const { scaling_factor, shift_factor, latents_mean, latents_std } = config;
    const expected = z.values.map((value, i) => {
      if (latents_mean && latents_std) return ((value - latents_mean[i % 4]!) / latents_std[i % 4]!) * scaling_factor;
      return (value - (shift_factor ?? 0)) * scaling_factor;
    });
    const [scaled] = await valuesOn(backend, () => [scaleLatents(config, toTensor(z))]);
    expectClose(scaled!.values, expected);
    const [back] = await valuesOn(backend, () => [unscaleLatents(config, toTensor(scaled!))]);
    expectClose(back!.values, z.values);
  });
});

it.each(SCALES)('tells numbers by what they are scaled: %o', (options) => {
  const config = tinyVaeConfig(options);
  const { mean, std } = statisticsOfConfig(config);
  expect([mean.length, std.length]).toEqual([4, 4]);
  const [scaled, standardised] = [latentScaler(config), standardiser({ mean, std })];
  for (const place of [0, 1, 2, 3, 4, 11]) {
    const c = place % 4;
    const { latents_mean, latents_std, shift_factor, scaling_factor } = config;
    const isPerChannel = latents_mean && latents_std;
    const shifted = 0.7 - (isPerChannel ? latents_mean[c]! : (shift_factor ?? 0));
    const expected = (shifted / (isPerChannel ? latents_std[c]! : 1)) * scaling_factor;
    expect(scaled(0.7, place)).toBeCloseTo(expected, 12);
    expect(standardised(0.7, place)).toBeCloseTo(expected, 12);
  }
});

it('leaves pixels as they are', () => {
  const standardised = standardiser(pixelStatistics(3));
  expect([-1, 0.3, 1].map(standardised)).toEqual([-1, 0.3, 1]);
});
