import { dispose, memory, type Tensor4D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, type Values, valuesOn } from '../../scripts/testing/backends.ts';
import { readJsonFixture, readTensorsFixture } from '../../scripts/testing/fixtures.ts';
import { type BackendName, selectBackend } from '../backends/selectBackend.ts';
import { expectClose, largestDifference } from '../testing/matchers.ts';
import { rollValues } from '../testing/roll.ts';
import { valuesOfSlices } from '../testing/sliceCase.ts';
import { randomWeights, tinyPatches, tinyVaeConfig } from '../testing/tinyNetworks.ts';
import { autoencoderKlShapes, decode, decodeInSlices, encode, encodeMeanInSlices } from './autoencoderKl.ts';
import { parseAutoencoderKlConfig } from './autoencoderKlConfig.ts';
import { fromPatches, toPatches } from './patches.ts';
import { uploadWeights } from './uploadWeights.ts';

const NAMES = ['vae-attn', 'vae-f4'];
const TOLERANCE = { absolute: 2e-5, relative: 2e-5 };
const CONFIG = tinyVaeConfig({ mid_block_add_attention: true, use_quant_conv: true, use_post_quant_conv: true });
const WEIGHTS = randomWeights(autoencoderKlShapes(CONFIG));

async function encoded(backend: BackendName, x: Values, circular = false): Promise<{ mean: Values; logVar: Values }> {
  const [mean, logVar] = await valuesOn(backend, () => {
    const distribution = encode(CONFIG, uploadWeights(WEIGHTS), toTensor(x), circular);
    return [distribution.mean, distribution.logVar];
  });
  return { mean: mean!, logVar: logVar! };
}

async function decoded(backend: BackendName, z: Values, circular = false): Promise<Values> {
  const [image] = await valuesOn(backend, () => [decode(CONFIG, uploadWeights(WEIGHTS), toTensor(z), circular)]);
  return image!;
}

const slice = ({ shape, values }: Values, image: number): Values => {
  const size = values.length / shape[0]!;
  return { shape: [1, ...shape.slice(1)], values: values.slice(image * size, (image + 1) * size) };
};

describe('autoencoderKlShapes', () => {
  it.each(NAMES)('lists the tensors of diffusers, %s', (name) => {
    const stored = readTensorsFixture(`${name}/diffusion_pytorch_model.safetensors`);
    const expected = Object.fromEntries([...stored].map(([key, { shape }]) => [key, shape]));
    const config = parseAutoencoderKlConfig(readJsonFixture(`${name}/config.json`));
    expect(Object.fromEntries(autoencoderKlShapes(config))).toEqual(expected);
  });

  it('leaves quant convolutions and attention out when asked', () => {
    const names = [...autoencoderKlShapes(tinyVaeConfig()).keys()].join(' ');
    expect(names).not.toMatch(/quant_conv|attentions/);
  });
});

describe('encode refuses', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'cpu' });
  });

  it('sizes and channels that do not fit, and leaves nothing behind', () => {
    const weights = uploadWeights(WEIGHTS);
    const images = [draw(1, [1, 5, 4, 4]), draw(1, [1, 4, 4, 3])].map((image) => toTensor<Tensor4D>(image));
    const before = memory().numTensors;
    expect(() => encode(CONFIG, weights, images[0]!)).toThrow(/4×5 is not a multiple of 2/);
    expect(() => encode(CONFIG, weights, images[1]!)).toThrow(
      /the image has 3 channels; expected 4, .*; convert the image/,
    );
    expect(() => encode(CONFIG, {}, toTensor(draw(1, [1, 4, 4, 4])))).toThrow(/encoder.conv_in.weight is missing/);
    expect(memory().numTensors).toBe(before + 1);
  });
});

describeOnBackends((backend) => {
  it.each([false, true])('decodes the same in slices, leaving nothing behind; circular: %s', async (circular) => {
    const z = draw(5, [2, 2, 4, 4]);
    const whole = await decoded(backend, z, circular);
    const weights = uploadWeights(WEIGHTS);
    const { values, numSlices } = await valuesOfSlices(backend, z, (input) =>
      decodeInSlices(CONFIG, weights, input as Tensor4D, circular),
    );
    dispose(weights);
    expect(values).toEqual(whole);
    expect(numSlices).toBeGreaterThan(12);
  });

  it.each([false, true])('encodes the same in slices, leaving nothing behind; circular: %s', async (circular) => {
    const x = draw(6, [2, 4, 8, 4]);
    const { mean } = await encoded(backend, x, circular);
    const weights = uploadWeights(WEIGHTS);
    const { values, numSlices } = await valuesOfSlices(backend, x, (input) =>
      encodeMeanInSlices(CONFIG, weights, input as Tensor4D, circular),
    );
    dispose(weights);
    expect(values).toEqual(mean);
    expect(numSlices).toBeGreaterThan(8);
  });

  it.each([false, true])('sees patches of pixels as channels, also in slices; circular: %s', async (circular) => {
    const config = tinyVaeConfig(tinyPatches(3));
    const plain = { ...config, patch_size: 1 };
    const weights = randomWeights(autoencoderKlShapes(config));
    const [x, z] = [draw(8, [2, 4, 8, 3]), draw(9, [2, 2, 4, 4])];
    const [mean, image, expectedMean, expectedImage] = await valuesOn(backend, () => {
      const own = uploadWeights(weights);
      const [pixels, latents] = [toTensor<Tensor4D>(x), toTensor<Tensor4D>(z)];
      return [
        encode(config, own, pixels, circular).mean,
        decode(config, own, latents, circular),
        encode(plain, own, toPatches(pixels, 2), circular).mean,
        fromPatches(decode(plain, own, latents, circular), 2),
      ];
    });
    expect(mean).toEqual(expectedMean);
    expect(image).toEqual(expectedImage);
    expect(image!.shape).toEqual(x.shape);
    const uploaded = uploadWeights(weights);
    const decodedSlices = await valuesOfSlices(backend, z, (input) =>
      decodeInSlices(config, uploaded, input as Tensor4D, circular),
    );
    const encodedSlices = await valuesOfSlices(backend, x, (input) =>
      encodeMeanInSlices(config, uploaded, input as Tensor4D, circular),
    );
    dispose(uploaded);
    expect(decodedSlices.values).toEqual(image);
    expect(encodedSlices.values).toEqual(mean);
  });

  it('takes images that are not square, each by itself', async () => {
    const x = draw(2, [3, 4, 12, 4]);
    const whole = await encoded(backend, x);
    expect(whole.mean.shape).toEqual([3, 2, 6, 4]);
    const alone = await encoded(backend, slice(x, 1));
    expectClose(alone.mean.values, slice(whole.mean, 1).values, TOLERANCE);
    expectClose(alone.logVar.values, slice(whole.logVar, 1).values, TOLERANCE);
    const images = await decoded(backend, whole.mean);
    expect(images.shape).toEqual([3, 4, 12, 4]);
    expectClose((await decoded(backend, slice(whole.mean, 2))).values, slice(images, 2).values, TOLERANCE);
  });

  it('follows a shift that wraps around when circular, and only then', async () => {
    const x = draw(3, [1, 4, 8, 4]);
    const z = draw(4, [1, 2, 4, 4]);
    for (const circular of [true, false]) {
      const mean = (await encoded(backend, rollValues(x, -2, 4), circular)).mean;
      const expectedMean = rollValues((await encoded(backend, x, circular)).mean, -1, 2);
      const image = await decoded(backend, rollValues(z, -1, 2), circular);
      const expectedImage = rollValues(await decoded(backend, z, circular), -2, 4);
      if (circular) {
        expectClose(mean.values, expectedMean.values, TOLERANCE);
        expectClose(image.values, expectedImage.values, TOLERANCE);
      } else {
        expect(largestDifference(mean.values, expectedMean.values)).toBeGreaterThan(0.05);
        expect(largestDifference(image.values, expectedImage.values)).toBeGreaterThan(0.05);
      }
    }
  });

  it('clamps the log-variance to −30 … 20', async () => {
    const weights = new Map([...WEIGHTS]);
    const { shape, data } = weights.get('quant_conv.bias')!;
    weights.set('quant_conv.bias', { shape, data: data.map((_, i) => (i < 4 ? 0 : i % 2 === 0 ? 500 : -500)) });
    const [logVar] = await valuesOn(backend, () => {
      return [encode(CONFIG, uploadWeights(weights), toTensor(draw(5, [1, 4, 4, 4]))).logVar];
    });
    expect(new Set(logVar!.values)).toEqual(new Set([-30, 20]));
  });
});
