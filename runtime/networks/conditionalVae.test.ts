import { dispose, memory, type Tensor2D, type Tensor4D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, type Values, valuesOn } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { ANY } from '../core/attributes.ts';
import { expectClose } from '../testing/matchers.ts';
import { valuesOfSlices } from '../testing/sliceCase.ts';
import { randomWeights, tinyCvaeConfig } from '../testing/tinyNetworks.ts';
import {
  type ConditionalVaeConfig,
  conditionalVaeShapes,
  decoderRows,
  decodeWithLabels,
  decodeWithRows,
  encodeWithLabels,
  parseConditionalVaeConfig,
} from './conditionalVae.ts';
import { initialWeights } from './initialWeights.ts';
import { uploadWeights } from './uploadWeights.ts';

const CONFIG = tinyCvaeConfig({ sample_size: [8, 16] });
const WEIGHTS = randomWeights(conditionalVaeShapes(CONFIG));
const LABELS = [2, 0, 1];
const TOLERANCE = { absolute: 2e-5, relative: 2e-5 };

const row = ({ shape, values }: Values, image: number): Values => {
  const size = values.length / shape[0]!;
  return { shape: [1, ...shape.slice(1)], values: values.slice(image * size, (image + 1) * size) };
};

describeOnBackends((backend) => {
  const encoded = (x: Values, labels: number[]) =>
    valuesOn(backend, () => {
      const { mean, logVar } = encodeWithLabels(CONFIG, uploadWeights(WEIGHTS), toTensor(x), labels);
      return [mean, logVar];
    });
  const decoded = async (z: Values, labels: number[]) =>
    (await valuesOn(backend, () => [decodeWithLabels(CONFIG, uploadWeights(WEIGHTS), toTensor(z), labels)]))[0]!;

  it('encodes and decodes each image by itself, with its label', async () => {
    const x = draw(1, [3, 8, 16, 4]);
    const [mean, logVar] = await encoded(x, LABELS);
    expect([mean!.shape, logVar!.shape]).toEqual([
      [3, 6],
      [3, 6],
    ]);
    const images = await decoded(mean!, LABELS);
    expect(images.shape).toEqual([3, 8, 16, 4]);
    for (const i of [0, 1, 2]) {
      const [meanAlone, logVarAlone] = await encoded(row(x, i), [LABELS[i]!]);
      expectClose(meanAlone!.values, row(mean!, i).values, TOLERANCE);
      expectClose(logVarAlone!.values, row(logVar!, i).values, TOLERANCE);
      expectClose((await decoded(row(mean!, i), [LABELS[i]!])).values, row(images, i).values, TOLERANCE);
    }
  });

  it('knows the label on both sides', async () => {
    const x = row(draw(2, [1, 8, 16, 4]), 0);
    const [[mean], [other]] = [await encoded(x, [0]), await encoded(x, [1])];
    const farthest = (a: Values, b: Values) =>
      a.values.reduce((top, value, i) => Math.max(top, Math.abs(value - b.values[i]!)), 0);
    expect(farthest(mean!, other!)).toBeGreaterThan(0.02);
    expect(farthest(await decoded(mean!, [0]), await decoded(mean!, [1]))).toBeGreaterThan(0.02);
  });

  it('knows the attributes on both sides, and what is left out is "any"', async () => {
    const config = tinyCvaeConfig({ sample_size: [8, 16], attributes: { hair: 2, wear: 'number' } });
    const weights = randomWeights(conditionalVaeShapes(config));
    const x = draw(2, [1, 8, 16, 4]);
    const both = (attributes: number[], label = 1) =>
      valuesOn(backend, () => {
        const uploaded = uploadWeights(weights);
        const condition = { classLabels: [label], attributes };
        const { mean } = encodeWithLabels(config, uploaded, toTensor(x), condition);
        return [mean, decodeWithLabels(config, uploaded, toTensor(draw(3, [1, 6])), condition)];
      });
    const all = [await both([ANY, ANY], config.num_labels)];
    for (const attributes of [
      [ANY, ANY],
      [1, ANY],
      [0, ANY],
      [1, 0.2],
      [1, 0.9],
    ])
      all.push(await both(attributes));
    for (const side of [0, 1]) expect(new Set(all.map((sides) => sides[side]!.values.join())).size).toBe(all.length);
    await expect(both([2, ANY])).rejects.toThrow(/hair is 2; expected a place from 0 to 1/);
    await expect(both([1])).rejects.toThrow(/1 values for 1 pictures; expected 2/);
  });

  it('decodes the same in slices, leaving nothing behind', async () => {
    const z = draw(3, [3, 6]);
    const whole = await decoded(z, LABELS);
    const weights = uploadWeights(WEIGHTS);
    const rows = decoderRows(CONFIG, weights, LABELS);
    const { values, numSlices } = await valuesOfSlices(backend, z, (input) =>
      decodeWithRows(CONFIG, weights, input as Tensor2D, rows),
    );
    dispose([rows, ...Object.values(weights)]);
    expect(values).toEqual(whole);
    expect(numSlices).toBe(10); // before, within and after each of three residual blocks, and the last convolution
  });
});

describe('a class-conditional VAE', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'cpu' });
  });

  it.each<ConditionalVaeConfig['attributes']>([{}, { hair: 2, wear: 'number' as const }])(
    'uses all of its weights, with attributes %j',
    async (attributes) => {
      const config = { ...CONFIG, attributes };
      const own = randomWeights(conditionalVaeShapes(config));
      const condition = { classLabels: [1], attributes: Object.keys(attributes).length > 0 ? [1, 0.5] : [] };
      const used = (values: typeof WEIGHTS) =>
        valuesOn('cpu', () => {
          const weights = uploadWeights(values);
          const { mean, logVar } = encodeWithLabels(config, weights, toTensor(draw(4, [1, 8, 16, 4])), condition);
          return [decodeWithLabels(config, weights, mean, condition), logVar];
        });
      const before = await used(own);
      for (const [name, { shape, data }] of own) {
        const isForAny = /attributes\.wear\.embedding/.test(name);
        const after = await used(new Map(own).set(name, { shape, data: data.map((value) => value + 0.5) }));
        if (isForAny) expect(after, name).toEqual(before);
        else expect(after, name).not.toEqual(before);
      }
    },
  );

  it('begins with the means and variances of the cvae’s order', async () => {
    const weights = uploadWeights(initialWeights(conditionalVaeShapes(CONFIG), 1));
    const { mean, logVar } = encodeWithLabels(CONFIG, weights, toTensor<Tensor4D>(draw(5, [1, 8, 16, 4])), [0]);
    for (const value of [...(await mean.data()), ...(await logVar.data())]) expect(Math.abs(value)).toBeLessThan(3);
    dispose([mean, logVar, ...Object.values(weights)]);
  });

  it('refuses sizes and labels that do not fit, and leaves nothing behind', () => {
    const weights = uploadWeights(WEIGHTS);
    const [x, z] = [toTensor<Tensor4D>(draw(1, [2, 8, 8, 4])), toTensor<Tensor2D>(draw(1, [2, 5]))];
    const before = memory().numTensors;
    expect(() => encodeWithLabels(CONFIG, weights, x, [0, 1])).toThrow(/8×8 of 4 channels; expected 16×8 of 4/);
    expect(() => decodeWithLabels(CONFIG, weights, z, [0, 1])).toThrow(/z has 5 values; expected 6/);
    const fitting = toTensor<Tensor2D>(draw(1, [2, 6]));
    expect(() => decodeWithLabels(CONFIG, weights, fitting, [0])).toThrow(
      /2 images and 1 class labels; expected one label for each image/,
    );
    expect(() => decodeWithLabels(CONFIG, weights, fitting, [0, 3])).toThrow(
      /class label 3; expected a whole number from 0 to 2/,
    );
    expect(memory().numTensors).toBe(before + 1);
    dispose([x, z, fitting, ...Object.values(weights)]);
  });
});

it('refuses a config that it cannot compute', () => {
  expect(parseConditionalVaeConfig({ _class_name: 'any', ...CONFIG }, 'c.json')).toEqual(CONFIG);
  const refused = (change: object) => () => parseConditionalVaeConfig({ ...CONFIG, ...change }, 'c.json');
  expect(refused({ norm_num_groups: 3 })).toThrow('c.json: norm_num_groups 3 does not divide 8 channels');
  expect(refused({ sample_size: [8, 10] })).toThrow('c.json: sample_size 8, 10 cannot be halved');
  expect(refused({ dropout: 0.1 })).toThrow('dropout is not supported');
  expect(refused({ latent_size: 0 })).toThrow('latent_size');
  expect(refused({ label_channels: 20_000 })).toThrow(
    'c.json: label_channels: 20000 is not supported, expected <=16384',
  );
  expect(() => parseConditionalVaeConfig([], 'c.json')).toThrow('expected a JSON object');
});
