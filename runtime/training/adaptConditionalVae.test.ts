import { type Tensor2D, type Tensor4D, tensor, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { type Attributes, encodeAttributes, type Vocabulary } from '../core/attributes.ts';
import {
  type ConditionalVaeConfig,
  conditionalVaeShapes,
  decodeWithLabels,
  encodeWithLabels,
} from '../networks/conditionalVae.ts';
import { attributeKinds } from '../networks/conditioningConfig.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import { expectClose } from '../testing/matchers.ts';
import { randomWeights, tinyCvaeConfig } from '../testing/tinyNetworks.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import { adaptConditionalVae } from './adaptConditionalVae.ts';

const LABELS = ['elf', 'goblin', 'orc'];
const VOCABULARY = { hair: ['black', 'red'], wear: { min: 0, max: 1 }, hat: ['no', 'yes'] };
const config = tinyCvaeConfig({ attributes: attributeKinds(VOCABULARY) });
const known = { config, weights: randomWeights(conditionalVaeShapes(config)), labels: LABELS, vocabulary: VOCABULARY };

interface Network {
  config: ConditionalVaeConfig;
  weights: ReadonlyMap<string, WeightTensor>;
}

beforeAll(async () => {
  await selectBackend({ backend: 'cpu' });
});

/** What a network encodes a picture of goblins to, and what it decodes a vector to. */
function computedBy({ config: own, weights }: Network, vocabulary: Vocabulary, attributes: Attributes) {
  return tidy(() => {
    const condition = { classLabels: [1], attributes: encodeAttributes('test', vocabulary, attributes) };
    const uploaded = uploadWeights(weights);
    const x: Tensor4D = tensor(
      Array.from({ length: 256 }, (_, i) => Math.sin(i)),
      [1, 8, 8, 4],
    );
    const z: Tensor2D = tensor([0.3, -1, 0.5, 2, 0, -0.4], [1, 6]);
    const { mean, logVar } = encodeWithLabels(own, uploaded, x, condition);
    return [mean, logVar, decodeWithLabels(own, uploaded, z, condition)].map((one) => one.dataSync());
  });
}

it.each<[name: string, now: Vocabulary, asked: Attributes, before: Attributes]>([
  ['one more', { ...VOCABULARY, trim: ['none', 'red'] }, { hair: 'red', wear: 0.3 }, { hair: 'red', wear: 0.3 }],
  ['fewer', { hat: ['no', 'yes'] }, { hat: 'yes' }, { hat: 'yes' }],
  [
    'other places',
    { wear: { min: 0, max: 1 }, hair: ['red', 'white', 'black'] },
    { wear: 1, hair: 'black' },
    { wear: 1, hair: 'black' },
  ],
])('begins as what it was on both sides, with %s', (_, now, asked, before) => {
  const adapted = adaptConditionalVae(known, now, 7);
  expect(adapted.config).toEqual({ ...config, attributes: attributeKinds(now) });
  const shapes = Array.from(adapted.weights, ([name, { shape }]) => [name, shape]);
  expect(new Map(shapes as [string, number[]][])).toEqual(conditionalVaeShapes(adapted.config));
  const expected = computedBy(known, VOCABULARY, before);
  for (const [i, values] of computedBy(adapted, now, asked).entries()) {
    expectClose(values, expected[i]!, { absolute: 2e-5, relative: 2e-5 });
  }
});

it('tells the words of a new attribute apart at once, on both sides', () => {
  const now = { ...VOCABULARY, trim: ['none', 'red'] };
  const adapted = adaptConditionalVae(known, now, 7);
  const [none, red] = (['none', 'red'] as const).map((trim) => computedBy(adapted, now, { trim }));
  for (const [i, values] of none!.entries()) {
    expect(Math.max(...values.map((value, j) => Math.abs(value - red![i]![j]!)))).toBeGreaterThan(1e-3);
  }
});

it('refuses networks that know the label alone, before and after', () => {
  const alone = tinyCvaeConfig();
  const untold = { ...known, config: alone, weights: randomWeights(conditionalVaeShapes(alone)), vocabulary: {} };
  for (const refused of [() => adaptConditionalVae(untold, VOCABULARY, 7), () => adaptConditionalVae(known, {}, 7)]) {
    expect(refused).toThrow(
      'adaptConditionalVae: a network that knows the label alone has no attributes to go on with',
    );
  }
});
