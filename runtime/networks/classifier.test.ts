import { dispose, type Tensor4D } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, valuesOn } from '../../scripts/testing/backends.ts';
import { expectClose } from '../testing/matchers.ts';
import { tinyClassifierConfig } from '../testing/tinyNetworks.ts';
import { classifierShapes, classify, parseClassifierConfig } from './classifier.ts';
import { initialWeights } from './initialWeights.ts';
import { uploadWeights } from './uploadWeights.ts';

const CONFIG = tinyClassifierConfig({ attributes: { hair: 3, wear: 'number' }, attribute_grid: 2 });
const WEIGHTS = initialWeights(classifierShapes(CONFIG), 7);
const IMAGES = draw(3, [5, 9, 12, 4]);

/** Features and logits on a backend; fails when a tensor is left behind. */
function judge(backend: 'cpu' | 'wasm' | 'webgpu', images = IMAGES) {
  return valuesOn(backend, () => {
    const weights = uploadWeights(WEIGHTS);
    const { features, logits, attributes } = classify(CONFIG, weights, toTensor<Tensor4D>(images));
    dispose(Object.values(weights));
    return [features, logits, attributes!];
  });
}

describeOnBackends((backend) => {
  it('gives features and logits for images of any size, as on cpu', async () => {
    const results = await judge(backend);
    expect(results.map(({ shape }) => shape)).toEqual([
      [5, 16],
      [5, 3],
      [5, 4],
    ]);
    const expected = await judge('cpu');
    for (const [i, { values }] of results.entries()) expectClose(values, expected[i]!.values, { relative: 1e-4 });
  });

  it('judges each image by itself', async () => {
    const [, all] = await judge(backend);
    const last = { shape: [1, 9, 12, 4], values: IMAGES.values.slice(-9 * 12 * 4) };
    const [, alone] = await judge(backend, last);
    expectClose(alone!.values, all!.values.slice(-3), { relative: 1e-4 });
  });
});

it('lists weights that all take part', () => {
  expect([...classifierShapes(CONFIG)].slice(0, 2)).toEqual([
    ['levels.0.halve.weight', [8, 4, 3, 3]],
    ['levels.0.halve.bias', [8]],
  ]);
  for (const [name, { data }] of WEIGHTS) {
    const isShift = /norm\.bias$/.test(name);
    expect(
      data.some((value) => value !== 0),
      name,
    ).toBe(!isShift);
  }
});

it('knows where things are: the head of attributes has weights for each cell of the grid', () => {
  expect(classifierShapes(CONFIG).get('attribute_head.weight')).toEqual([4, 16 * 2 ** 2]);
  const { attribute_grid: _grid, ...withoutGrid } = CONFIG;
  const plain = parseClassifierConfig(withoutGrid, 'c.json');
  expect(classifierShapes(plain).get('attribute_head.weight')).toEqual([4, 16]);
});

it('refuses a config that it cannot compute', () => {
  expect(parseClassifierConfig(CONFIG, 'c.json')).toEqual(CONFIG);
  expect(() => parseClassifierConfig({ ...CONFIG, norm_num_groups: 3 }, 'c.json')).toThrow(
    'c.json: norm_num_groups 3 does not divide 8 channels',
  );
  expect(() => parseClassifierConfig({ ...CONFIG, dropout: 0.1 }, 'c.json')).toThrow('dropout is not supported');
});

it('refuses a norm that could divide by 0', () => {
  const json = { ...CONFIG, norm_eps: 0 };
  expect(() => parseClassifierConfig(json, 'config.json')).toThrow(/norm_eps: expected a number above 0/);
});
