import '#stock-gradients';
import { memory, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeOnBackends, valuesOn } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { checkGradients } from '../testing/gradientCheck.ts';
import { expectClose } from '../testing/matchers.ts';
import { randomWeights } from '../testing/tinyNetworks.ts';
import {
  type Conditions,
  conditioningShapes,
  conditioningVectors,
  isOfStudent,
  numericFeatures,
} from './conditioning.ts';
import { conditioningConfig } from './conditioningConfig.ts';
import { uploadWeights } from './uploadWeights.ts';

const DIM = 6;
const VOCABULARY = { hair: ['black', 'red'], wear: { min: 0, max: 1 }, constructor: ['a', 'b', 'c'] };
const config = { ...conditioningConfig(DIM, 3, VOCABULARY), numeric_channels: 4 };
const weights = randomWeights(conditioningShapes(config), 5);
/** Three images: everything is known of the first, all but the number of the second, nothing of the third. */
const conditions: Conditions = { classLabels: [2, 0, 3], attributes: [1, 0.3, 2, 0, -1, -1, -1, -1, -1] };

const row = (name: string, index: number) => Array.from(weights.get(name)!.data.slice(index * DIM, (index + 1) * DIM));
const sumOf = (...rows: number[][]) => rows[0]!.map((_, i) => rows.reduce((sum, values) => sum + values[i]!, 0) / 2); // √4

const numberRow = (u: number) => mlpRow(weights, 'attributes.wear', u);

/** Linear–SiLU–Linear of the features of a number, by loops. */
function mlpRow(from: typeof weights, mlp: string, u: number): number[] {
  const angles = [(u * Math.PI) / 2, u * 16 * Math.PI];
  const features = [...angles.map(Math.sin), ...angles.map(Math.cos)];
  const layer = (name: string, x: number[]) =>
    Array.from(from.get(`${mlp}.${name}.bias`)!.data, (bias, out) =>
      x.reduce((sum, value, i) => sum + value * from.get(`${mlp}.${name}.weight`)!.data[out * x.length + i]!, bias),
    );
  return layer(
    'linear_2',
    layer('linear_1', features).map((value) => value / (1 + Math.exp(-value))),
  );
}

const EXPECTED = [
  sumOf(
    row('label_embedding.weight', 2),
    row('attributes.hair.embedding.weight', 1),
    numberRow(0.3),
    row('attributes.constructor.embedding.weight', 2),
  ),
  sumOf(
    row('label_embedding.weight', 0),
    row('attributes.hair.embedding.weight', 0),
    row('attributes.wear.embedding.weight', 0),
    row('attributes.constructor.embedding.weight', 3),
  ),
  sumOf(
    row('label_embedding.weight', 3),
    row('attributes.hair.embedding.weight', 2),
    row('attributes.wear.embedding.weight', 0),
    row('attributes.constructor.embedding.weight', 3),
  ),
].flat();

const STUDENT = { ...config, student: { step_counts: [1, 2, 4], guidance_scale: [1, 5] as [number, number] } };
const studentWeights = randomWeights(conditioningShapes(STUDENT), 5);
/** Two steps with w = 2; one with w = 5; nothing is told of the steps, and w = 1. */
const sampled: Conditions = { ...conditions, sampling: { guidanceScales: [2, 5, 1], stepCounts: [2, 1, 0] } };
const SAMPLING = [
  [0.25, 1],
  [1, 0],
  [0, -1],
].flatMap(([u, row]) => {
  const steps = studentWeights.get('student.steps.embedding.weight')!.data;
  return mlpRow(studentWeights, 'student.guidance', u!).map(
    (value, i) => value + (row! < 0 ? 0 : steps[row! * DIM + i]!),
  );
});

describe('conditioningShapes', () => {
  it('has a row for each number of steps of a student, and a network for its guidance scale', () => {
    const own = [...conditioningShapes(STUDENT)].filter(([name]) => isOfStudent(name));
    expect(Object.fromEntries(own)).toEqual({
      'student.guidance.linear_1.weight': [6, 4],
      'student.guidance.linear_1.bias': [6],
      'student.guidance.linear_2.weight': [6, 6],
      'student.guidance.linear_2.bias': [6],
      'student.steps.embedding.weight': [3, 6],
    });
  });

  it('has a row for each word and one for "any", and a small network for a number', () => {
    expect(Object.fromEntries(conditioningShapes(config))).toEqual({
      'label_embedding.weight': [4, 6],
      'attributes.hair.embedding.weight': [3, 6],
      'attributes.wear.embedding.weight': [1, 6],
      'attributes.wear.linear_1.weight': [6, 4],
      'attributes.wear.linear_1.bias': [6],
      'attributes.wear.linear_2.weight': [6, 6],
      'attributes.wear.linear_2.bias': [6],
      'attributes.constructor.embedding.weight': [4, 6],
    });
  });
});

describe('conditioning refuses', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'cpu' });
  });

  it.each<[Conditions, RegExp]>([
    [
      { classLabels: [4], attributes: [0, 0, 0] },
      /class label 4; expected a whole number from 0 to 3, where 3 is any label/,
    ],
    [{ classLabels: [0.5], attributes: [0, 0, 0] }, /class label 0.5/],
    [{ classLabels: [0], attributes: [0, 0] }, /2 values for 1 pictures; expected 3 for each/],
    [{ classLabels: [0], attributes: [2, 0, 0] }, /hair is 2; expected a place from 0 to 1/],
    [{ classLabels: [0], attributes: [0.5, 0, 0] }, /hair is 0.5/],
    [{ classLabels: [0], attributes: [0, 1.5, 0] }, /wear is 1.5; expected a number from 0 to 1/],
    [{ classLabels: [0], attributes: [0, Number.NaN, 0] }, /wear is NaN/],
    [{ classLabels: [0], attributes: [0, 0, 0], blends: [] }, /0 blends for 1 pictures/],
    [{ classLabels: [0], attributes: [0, 0, 0], blends: [{ classLabel: 3, amount: 0.5 }] }, /0.5 of class 3 is/],
    [{ classLabels: [0], attributes: [0, 0, 0], blends: [{ classLabel: 1, amount: 2 }] }, /expected 0 … 1 of a class/],
  ])('%j', (wrong, message) => {
    const before = memory().numTensors;
    expect(() => tidy(() => conditioningVectors(config, uploadWeights(weights), wrong))).toThrow(message);
    expect(memory().numTensors).toBe(before);
  });

  it.each<[Conditions['sampling'], RegExp]>([
    [undefined, /0 guidance scales and 0 numbers of steps for 3 pictures; a student expects one of each/],
    [{ guidanceScales: [2, 2, 5.5], stepCounts: [4, 4, 4] }, /guidance scale is 5.5; expected 1 to 5/],
    [{ guidanceScales: [2, 2, Number.NaN], stepCounts: [4, 4, 4] }, /guidance scale is NaN/],
    [{ guidanceScales: [2, 2, 2], stepCounts: [4, 3, 4] }, /number of steps is 3; expected one of 1, 2, 4/],
  ])('a student with the sampling %j', (sampling, message) => {
    const before = memory().numTensors;
    expect(() =>
      tidy(() => conditioningVectors(STUDENT, uploadWeights(studentWeights), { ...conditions, sampling })),
    ).toThrow(message);
    expect(memory().numTensors).toBe(before);
  });
});

describeOnBackends((backend) => {
  it('is the sum of rows by hand, over the root of their number', async () => {
    const [output] = await valuesOn(backend, () => [conditioningVectors(config, uploadWeights(weights), conditions)]);
    expect(output!.shape).toEqual([3, DIM]);
    expectClose(output!.values, EXPECTED, { absolute: 2e-6, relative: 2e-6 });
  });

  it('is the row of the label where there are no attributes', async () => {
    const alone = conditioningConfig(DIM, 3, {});
    const [output] = await valuesOn(backend, () => [
      conditioningVectors(alone, uploadWeights(weights), { classLabels: [1, 3], attributes: [] }),
    ]);
    const expected = [...row('label_embedding.weight', 1), ...row('label_embedding.weight', 3)];
    expectClose(output!.values, expected, { absolute: 1e-6, relative: 1e-6 });
  });

  it('blends the rows of two labels by their shares', async () => {
    const alone = conditioningConfig(DIM, 3, {});
    const blends = [
      { classLabel: 0, amount: 0.25 },
      null,
      { classLabel: 1, amount: 1 },
      { classLabel: 2, amount: 0.5 },
    ];
    const [output] = await valuesOn(backend, () => [
      conditioningVectors(alone, uploadWeights(weights), { classLabels: [2, 0, 0, 2], blends, attributes: [] }),
    ]);
    const [first, second, third] = [0, 1, 2].map((index) => row('label_embedding.weight', index));
    const mixed = third!.map((value, i) => 0.75 * value + 0.25 * first![i]!);
    expectClose(output!.values, [...mixed, ...first!, ...second!, ...third!], { absolute: 1e-6, relative: 1e-6 });
  });

  it('has the gradients of finite differences', async () => {
    const names = [...weights.keys()];
    const uploaded = await valuesOn(backend, () => Object.values(uploadWeights(weights)));
    const forward = (...tensors: Tensor[]) =>
      conditioningVectors(config, Object.fromEntries(names.map((name, i) => [name, tensors[i]!])), conditions);
    await checkGradients(backend, forward, uploaded);
  });

  it('adds what a student is told of its sampling, by hand', async () => {
    const [output] = await valuesOn(backend, () => [
      conditioningVectors(STUDENT, uploadWeights(studentWeights), sampled),
    ]);
    const expected = EXPECTED.map((value, i) => value + SAMPLING[i]!);
    expectClose(output!.values, expected, { absolute: 3e-6, relative: 3e-6 });
  });

  it('has the gradients of finite differences in a student', async () => {
    const names = [...studentWeights.keys()];
    const uploaded = await valuesOn(backend, () => Object.values(uploadWeights(studentWeights)));
    const forward = (...tensors: Tensor[]) =>
      conditioningVectors(STUDENT, Object.fromEntries(names.map((name, i) => [name, tensors[i]!])), sampled);
    await checkGradients(backend, forward, uploaded);
  });

  it('has features that tell numbers apart', () => {
    const features = numericFeatures([0, 0.25, 1], 6);
    const frequencies = [Math.PI / 2, (Math.PI / 2) * Math.sqrt(32), 16 * Math.PI];
    const expected = [0, 0.25, 1].flatMap((u) => [
      ...frequencies.map((f) => Math.sin(u * f)),
      ...frequencies.map((f) => Math.cos(u * f)),
    ]);
    expectClose(features, expected, { absolute: 1e-5, relative: 0 });
  });
});
