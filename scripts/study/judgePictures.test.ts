import { dispose, type Tensor } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  classifierShapes,
  defaultClassifierConfig,
  imagesOfPixels,
  initialWeights,
  uploadWeights,
} from '../../runtime/index.ts';
import { tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { measure } from '../cli/evaluation/measure.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { FIRST_SEED, judgePictures, type Paint } from './judgePictures.ts';
import type { StudyContext } from './part.ts';

const PER_CLASS = 12;
const SIZE = 8 * 8 * 4;
const dataset = tinyDataset({ perClass: PER_CLASS });
const { labels, classLabels } = dataset;

/** The n-th picture of a label. */
function pictureOf(label: string, n: number): Uint8Array {
  const members = Array.from(classLabels.keys()).filter((i) => labels[classLabels[i]!] === label);
  return dataset.images.subarray(members[n]! * SIZE, (members[n]! + 1) * SIZE);
}

let weights: Record<string, Tensor>;
let context: StudyContext;

// A judge of random weights will do: what is known of the numbers holds for any judge.
beforeAll(async () => {
  await openNodeBackend('cpu');
  const config = defaultClassifierConfig(dataset);
  weights = uploadWeights(initialWeights(classifierShapes(config), 5));
  const judge = { config, weights } as unknown as StudyContext['judge'];
  const pictures = labels.flatMap((label) => Array.from({ length: PER_CLASS }, (_, n) => pictureOf(label, n)));
  const sorted = Int32Array.from(pictures.keys(), (i) => Math.floor(i / PER_CLASS));
  const measured = await measure(judge, imagesOfPixels(pictures, sorted, dataset), PER_CLASS);
  context = { dataset, judge, real: { measured, perClass: PER_CLASS }, imagesPerClass: PER_CLASS } as StudyContext;
});

afterAll(() => dispose(Object.values(weights)));

const realPictures: Paint = async (requests) =>
  requests.map(({ label, seed }) => pictureOf(label!, seed! - FIRST_SEED));

it('finds real pictures as good as themselves: the same accuracy, no distance, all of the spread', async () => {
  const { numbers, row } = await judgePictures(context, realPictures, () => {});
  expect(numbers.accuracy).toBe(context.real.measured.accuracy.overall);
  expect(numbers.frechet).toBeLessThan(1e-6);
  expect(numbers.spread).toBeCloseTo(1, 10);
  expect(row).toEqual(labels.map((label) => pictureOf(label, 0)));
});

it('finds no spread among copies of one picture, and a distance', async () => {
  const copies: Paint = async (requests) => requests.map(({ label }) => pictureOf(label!, 0));
  const { numbers } = await judgePictures(context, copies, () => {});
  expect(numbers.spread).toBeCloseTo(0, 6);
  const { gaussian } = context.real.measured;
  // Copies have less variance in every direction: at least the difference of the roots of the traces stays.
  expect(numbers.frechet).toBeGreaterThan(0);
  expect(numbers.frechet).toBeLessThan(4 * gaussian.covariance.trace());
});

it('asks for every label and seed once, in batches, and tells how far it is', async () => {
  const asked: Parameters<Paint>[0][number][][] = [];
  const shares: number[] = [];
  const paint: Paint = async (requests, onProgress) => {
    asked.push([...requests]);
    onProgress(0.5);
    onProgress(1);
    return realPictures(requests, onProgress);
  };
  await judgePictures(context, paint, (share) => shares.push(share));
  const expected = labels.flatMap((label) => Array.from({ length: PER_CLASS }, (_, n) => ({ label, seed: 1 + n })));
  expect(asked.flat()).toEqual(expected);
  expect(asked.map(({ length }) => length)).toEqual([26, 10]);
  expect(shares).toEqual([13 / 36, 26 / 36, 31 / 36, 1]);
});
