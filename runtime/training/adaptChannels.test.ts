import { concat, mean, memory, ones, slice4d, type Tensor4D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { draw, toTensor, valuesOn } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { autoencoderKlShapes, decode, encode } from '../networks/autoencoderKl.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import { expectClose } from '../testing/matchers.ts';
import { randomWeights, tinyVaeConfig } from '../testing/tinyNetworks.ts';
import { type AutoEncoder, forChannels, withMaps, withoutAlpha } from './adaptChannels.ts';

const CONFIG = tinyVaeConfig({ in_channels: 4, out_channels: 4 });
const RGBA = { config: CONFIG, weights: randomWeights(autoencoderKlShapes(CONFIG), 3) };

describe('withoutAlpha', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'cpu' });
  });

  it('computes for opaque images what the network of RGBA did', async () => {
    const rgb = withoutAlpha(RGBA);
    const colours = draw(5, [2, 16, 16, 3]);
    const [mean, expectedMean, decoded, expected] = await valuesOn('cpu', () => {
      const x = toTensor(colours) as Tensor4D;
      const opaque = concat([x, ones([2, 16, 16, 1])], 3) as Tensor4D;
      const [weights, before] = [uploadWeights(rgb.weights), uploadWeights(RGBA.weights)];
      const [own, theirs] = [encode(rgb.config, weights, x, true).mean, encode(CONFIG, before, opaque, true).mean];
      const theirImage = decode(CONFIG, before, theirs, true);
      return [
        own,
        theirs,
        decode(rgb.config, weights, theirs, true),
        slice4d(theirImage, [0, 0, 0, 0], [2, 16, 16, 3]),
      ];
    });
    expectClose(mean!.values, expectedMean!.values, { absolute: 1e-5, relative: 1e-5 });
    expectClose(decoded!.values, expected!.values, { absolute: 1e-6, relative: 1e-6 });
  });

  it('fits its own config, leaves the network as it is, and allocates nothing', () => {
    const before = RGBA.weights.get('decoder.conv_out.weight')!.data.slice();
    const numTensors = memory().numTensors;
    const { config, weights } = withoutAlpha(RGBA);
    expect(memory().numTensors).toBe(numTensors);
    expect(config).toEqual({ ...CONFIG, in_channels: 3, out_channels: 3 });
    for (const [name, shape] of autoencoderKlShapes(config)) {
      const { shape: own, data } = weights.get(name)!;
      expect([own, data.length]).toEqual([[...shape], shape.reduce((a, b) => a * b, 1)]);
    }
    expect(RGBA.weights.get('decoder.conv_out.weight')!.data).toEqual(before);
  });

  it('leaves RGB alone, and refuses other channels', () => {
    const rgb = withoutAlpha(RGBA);
    expect(withoutAlpha(rgb)).toEqual(rgb);
    const grey = { ...RGBA, config: tinyVaeConfig({ in_channels: 1, out_channels: 1 }) };
    expect(() => withoutAlpha(grey)).toThrow(/1 and 1 channels; expected 4 or 3/);
  });
});

describe('withMaps', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'cpu' });
  });

  it('sees the picture alone, and gives its grey for each map', async () => {
    const rgb = withoutAlpha(RGBA);
    const materials = withMaps(rgb);
    const colours = draw(5, [2, 16, 16, 3]);
    const [code, expectedCode, picture, expected, maps, grey] = await valuesOn('cpu', () => {
      const [weights, before] = [uploadWeights(materials.weights), uploadWeights(rgb.weights)];
      const x = toTensor(colours) as Tensor4D;
      const whole = concat([x, toTensor(draw(6, [2, 16, 16, 3]))], 3) as Tensor4D;
      const own = encode(materials.config, weights, whole, true).mean;
      const theirs = encode(rgb.config, before, x, true).mean;
      const decoded = decode(materials.config, weights, theirs, true);
      const theirPicture = decode(rgb.config, before, theirs, true);
      const theirGrey = mean(theirPicture, 3, true);
      const part = (first: number) => slice4d(decoded, [0, 0, 0, first], [2, 16, 16, 3]);
      return [own, theirs, part(0), theirPicture, part(3), concat([theirGrey, theirGrey, theirGrey], 3)];
    });
    const tolerance = { absolute: 1e-5, relative: 1e-5 };
    expectClose(code!.values, expectedCode!.values, tolerance);
    expectClose(picture!.values, expected!.values, tolerance);
    expectClose(maps!.values, grey!.values, tolerance);
  });

  it('fits its own config, and refuses other channels', () => {
    const { config, weights } = withMaps(withoutAlpha(RGBA));
    for (const [name, shape] of autoencoderKlShapes(config)) {
      const { shape: own, data } = weights.get(name)!;
      expect([own, data.length]).toEqual([[...shape], shape.reduce((a, b) => a * b, 1)]);
    }
    expect(() => withMaps(RGBA)).toThrow('withMaps: the network has 4 and 4 channels; expected 3');
  });
});

it('goes from channels to channels where there is a way', () => {
  const channelsOf = ({ config }: AutoEncoder) => config.in_channels;
  const rgb = withoutAlpha(RGBA);
  expect([3, 4, 6].map((channels) => channelsOf(forChannels(RGBA, channels as 3)))).toEqual([3, 4, 6]);
  expect([3, 4, 6].map((channels) => channelsOf(forChannels(rgb, channels as 3)))).toEqual([3, 3, 6]);
  expect(channelsOf(forChannels(withMaps(rgb), 3))).toBe(6);
});
