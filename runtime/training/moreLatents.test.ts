import { concat, memory, slice4d, type Tensor4D, zeros } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { draw, toTensor, valuesOn } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { autoencoderKlShapes, decode, encode } from '../networks/autoencoderKl.ts';
import { unet2d, unet2dShapes } from '../networks/unet2d.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import { expectClose } from '../testing/matchers.ts';
import { randomWeights, tinyUNetConfig, tinyVaeConfig } from '../testing/tinyNetworks.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import { unetOfMoreLatents, withMoreLatents } from './moreLatents.ts';

const TOLERANCE = { absolute: 1e-5, relative: 1e-5 };
const CONFIG = tinyVaeConfig({ latents_mean: [0, 0, 0, 1], latents_std: [1, 1, 1, 2] });
const FOUR = { config: CONFIG, weights: randomWeights(autoencoderKlShapes(CONFIG), 3) };

function expectShapes(weights: ReadonlyMap<string, WeightTensor>, shapes: ReadonlyMap<string, readonly number[]>) {
  for (const [name, shape] of shapes) {
    const { shape: own, data } = weights.get(name)!;
    expect([own, data.length], name).toEqual([[...shape], shape.reduce((a, b) => a * b, 1)]);
  }
}

beforeAll(async () => {
  await selectBackend({ backend: 'cpu' });
});

describe('withMoreLatents', () => {
  it('gives the known latents as before, new ones that depend on the picture, and the same pictures', async () => {
    const six = withMoreLatents(FOUR, 6, 5);
    const [mean, logvar, expectedMean, expectedLogvar, added, certain, decoded, expected] = await valuesOn(
      'cpu',
      () => {
        const x = toTensor(draw(5, [2, 8, 8, 4])) as Tensor4D;
        const [weights, before] = [uploadWeights(six.weights), uploadWeights(FOUR.weights)];
        const [own, theirs] = [encode(six.config, weights, x, true), encode(CONFIG, before, x, true)];
        const known = (all: Tensor4D) => slice4d(all, [0, 0, 0, 0], [2, 4, 4, 4]);
        const others = (all: Tensor4D) => slice4d(all, [0, 0, 0, 4], [2, 4, 4, 2]);
        return [
          known(own.mean),
          known(own.logVar),
          theirs.mean,
          theirs.logVar,
          others(own.mean),
          others(own.logVar),
          decode(six.config, weights, own.mean, true),
          decode(CONFIG, before, theirs.mean, true),
        ];
      },
    );
    expectClose(mean!.values, expectedMean!.values, TOLERANCE);
    expectClose(logvar!.values, expectedLogvar!.values, TOLERANCE);
    expectClose(decoded!.values, expected!.values, TOLERANCE);
    expect(new Set(added!.values).size).toBe(added!.values.length);
    expect([...new Set(certain!.values)]).toEqual([-3]);
  });

  it('fits its own config, leaves the network as it is, and allocates nothing', () => {
    const before = structuredClone(FOUR.weights);
    const numTensors = memory().numTensors;
    const { config, weights } = withMoreLatents(FOUR, 6, 5);
    expect(memory().numTensors).toBe(numTensors);
    expect(config).toEqual({ ...CONFIG, latent_channels: 6, latents_mean: null, latents_std: null });
    expectShapes(weights, autoencoderKlShapes(config));
    expect(FOUR.weights).toEqual(before);
    const name = 'encoder.conv_out.weight';
    expect(withMoreLatents(FOUR, 6, 6).weights.get(name)).not.toEqual(weights.get(name));
  });

  it('leaves one of as many alone, and refuses fewer, and latents that are mixed', () => {
    expect(withMoreLatents(FOUR, 4, 5)).toBe(FOUR);
    expect(() => withMoreLatents(FOUR, 3, 5)).toThrow('the latents have 4 channels; expected 3 at most');
    const mixed = { ...FOUR, config: { ...CONFIG, use_quant_conv: true } };
    expect(() => withMoreLatents(mixed, 6, 5)).toThrow('and neither quant_conv nor post_quant_conv');
  });
});

describe('unetOfMoreLatents', () => {
  const config = tinyUNetConfig();
  const weights = randomWeights(unet2dShapes(config), 4);

  it('predicts of the known latents what it did, whatever the new ones are, and 0 of those', async () => {
    const grown = { ...config, in_channels: 6, out_channels: 6 };
    const six = unetOfMoreLatents(weights, 6);
    expectShapes(six, unet2dShapes(grown));
    const [own, theirs] = await valuesOn('cpu', () => {
      const x = toTensor(draw(5, [2, 8, 8, 4])) as Tensor4D;
      const whole = concat([x, toTensor(draw(6, [2, 8, 8, 2])) as Tensor4D], 3);
      const [t, labels] = [
        [17, 400],
        [0, 3],
      ];
      return [
        unet2d(grown, uploadWeights(six), whole, t, labels),
        concat([unet2d(config, uploadWeights(weights), x, t, labels), zeros([2, 8, 8, 2])], 3),
      ];
    });
    expectClose(own!.values, theirs!.values, TOLERANCE);
  });

  it('leaves one of as many channels alone', () => {
    expect(unetOfMoreLatents(weights, 4)).toBe(weights);
    expect(unetOfMoreLatents(weights, 3)).toBe(weights);
  });
});
