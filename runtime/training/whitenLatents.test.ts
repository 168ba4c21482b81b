import type { Tensor4D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { draw, toTensor, valuesOn } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { autoencoderKlShapes, decode, encode } from '../networks/autoencoderKl.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import { expectClose } from '../testing/matchers.ts';
import { randomWeights, tinyVaeConfig } from '../testing/tinyNetworks.ts';
import { symmetricPower } from './symmetricPower.ts';
import { changeLatents, latentSpread, whitening, withLatentChange } from './whitenLatents.ts';

const CONFIG = tinyVaeConfig();
const CHANNELS = CONFIG.latent_channels;
const OWN = { config: CONFIG, weights: randomWeights(autoencoderKlShapes(CONFIG), 3) };
const PICTURES = draw(5, [64, 8, 8, CONFIG.in_channels]);

beforeAll(async () => {
  await selectBackend({ backend: 'cpu' });
});

/** Latents of the pictures, as an auto-encoder gives them, and what it makes of them. */
async function throughout({ config, weights }: typeof OWN) {
  const [mean, logVar, decoded] = await valuesOn('cpu', () => {
    const tensors = uploadWeights(weights);
    const latents = encode(config, tensors, toTensor(PICTURES) as Tensor4D, true);
    return [latents.mean, latents.logVar, decode(config, tensors, latents.mean, true)];
  });
  const std = Float32Array.from(logVar!.values, (value) => Math.exp(value / 2));
  return { mean: Float32Array.from(mean!.values), std, decoded: decoded!.values };
}

/** By two passes over all places, as a book has it. */
function covarianceOf(mean: Float32Array): number[] {
  const places = Array.from({ length: mean.length / CHANNELS }, (_, i) =>
    Array.from(mean.subarray(i * CHANNELS, (i + 1) * CHANNELS)),
  );
  const average = (of: (place: number[]) => number) =>
    places.reduce((sum, place) => sum + of(place), 0) / places.length;
  const centre = Array.from({ length: CHANNELS }, (_, i) => average((place) => place[i]!));
  return Array.from({ length: CHANNELS ** 2 }, (_, at) => {
    const [i, j] = [Math.floor(at / CHANNELS), at % CHANNELS];
    return average((place) => (place[i]! - centre[i]!) * (place[j]! - centre[j]!));
  });
}

describe('whitened latents', () => {
  it.each([0, 0.5, 1])(
    'make the same pictures, and their covariance is the correlation to the power of 1 - %d',
    async (amount) => {
      const own = await throughout(OWN);
      const spread = latentSpread(own, CHANNELS);
      const change = whitening(spread, amount);
      const white = await throughout(withLatentChange(OWN, change));
      expectClose(white.decoded, own.decoded, { absolute: 1e-4, relative: 1e-4 });
      expectClose(covarianceOf(white.mean), symmetricPower(spread.correlation, 1 - amount), {
        absolute: 1e-4,
        relative: 1e-4,
      });
    },
  );

  it('are what the changed encoder gives', async () => {
    const own = await throughout(OWN);
    const change = whitening(latentSpread(own, CHANNELS), 0.5);
    const white = await throughout(withLatentChange(OWN, change));
    changeLatents(own, change);
    expectClose(own.mean, white.mean, { absolute: 1e-4, relative: 1e-4 });
    expectClose(own.std, white.std, { absolute: 1e-5, relative: 1e-5 });
  });

  it('are as unsure, on the whole, as the latents were', () => {
    const spread = {
      std: Float64Array.of(2, 0.5),
      correlation: Float64Array.of(1, 0, 0, 1),
      unsure: Float64Array.of(0.04, 0.01),
    };
    expectClose(whitening(spread, 0.5).logVar, [Math.log(0.04 / 4), Math.log(0.01 / 0.25)], {
      absolute: 1e-6,
      relative: 0,
    });
  });
});

describe('latentSpread', () => {
  it('agrees with the definition', async () => {
    const { mean, std } = await throughout(OWN);
    const covariance = covarianceOf(mean);
    const spread = latentSpread({ mean, std }, CHANNELS);
    const deviations = Array.from({ length: CHANNELS }, (_, i) => Math.sqrt(covariance[i * (CHANNELS + 1)]!));
    expectClose(spread.std, deviations, { absolute: 1e-6, relative: 1e-6 });
    const correlation = covariance.map(
      (v, at) => v / (deviations[Math.floor(at / CHANNELS)]! * deviations[at % CHANNELS]!),
    );
    expectClose(spread.correlation, correlation, { absolute: 1e-6, relative: 1e-6 });
  });

  it('looks at every second of twice as many places as it needs', () => {
    const mean = Float32Array.from({ length: 2 ** 18 }, (_, i) => Math.floor(i / 2) % 8);
    expectClose(latentSpread({ mean, std: mean }, 2).std, [Math.sqrt(5), Math.sqrt(5)], {
      absolute: 1e-9,
      relative: 0,
    });
  });
});

it('refuses channels that do not vary, and convolutions that mix latents once more', () => {
  const still = { mean: Float32Array.of(1, 2, 1, 3), std: new Float32Array(4) };
  expect(() => whitening(latentSpread(still, 2), 0.5)).toThrow(RangeError);
  const mixing = { ...OWN, config: { ...CONFIG, use_quant_conv: true } };
  const change = { forward: new Float64Array(), back: new Float64Array(), logVar: new Float32Array() };
  expect(() => withLatentChange(mixing, change)).toThrow(/quant_conv/);
});
