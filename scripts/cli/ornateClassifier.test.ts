// The shipped classifier steers the shipped portraits, which know neither of its words.
import { join } from 'node:path';
import { memory } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createModel,
  createNoisyClassifier,
  type DiffusionModel,
  decodeLatents,
  imagesToPixels,
  loadClassifierFolder,
  loadModelFolder,
  type NoisyClassifier,
  type PictureOptions,
  type SampleOptions,
  sample,
  selectBackend,
} from '../../runtime/index.ts';
import { diskSource } from '../node/diskSource.ts';
import { openTeacher } from '../node/openModel.ts';
import { packageRoot } from '../node/packageRoot.ts';

/** Two seeds in a row of each of two kinds. */
const REQUESTS: PictureOptions[] = ['elf', 'human_male'].flatMap((label) =>
  [101, 102].map((seed) => ({ label, seed })),
);
const STEPS = { numInferenceSteps: 10, guidanceScale: 2 };
const SCALE = 25;

let student: DiffusionModel;
/** The teacher of the portraits: their student takes no gradients. */
let model: DiffusionModel;
let classifier: NoisyClassifier;

beforeAll(async () => {
  await selectBackend({ backend: 'wasm' });
  const assets = join(packageRoot(), 'assets');
  const portraits = diskSource(join(assets, 'models/portraits'));
  student = createModel(await loadModelFolder(portraits));
  model = (await openTeacher(student, portraits))!;
  classifier = createNoisyClassifier(
    await loadClassifierFolder(diskSource(join(assets, 'classifiers/portraits-ornate'))),
  );
});

afterAll(() => {
  model.dispose();
  student.dispose();
  classifier.dispose();
});

/** Means over the portraits: p(ornate) as the classifier sees the finished latents, and the number of their colours. */
async function paint(options: SampleOptions): Promise<{ pOrnate: number; numColours: number }> {
  for await (const { step, numSteps, x0Pred } of sample(model, REQUESTS, { ...STEPS, ...options })) {
    if (step < numSteps) continue;
    const logProbs = classifier.logProbs(x0Pred, new Int32Array(REQUESTS.length));
    const values = await logProbs.data();
    const images = decodeLatents(model, x0Pred);
    const pictures = await imagesToPixels(model, images);
    logProbs.dispose();
    images.dispose();
    const ornate = classifier.labels.indexOf('ornate');
    const mean = (each: (i: number) => number) => REQUESTS.reduce((sum, _, i) => sum + each(i), 0) / REQUESTS.length;
    return {
      pOrnate: mean((i) => Math.exp(values[2 * i + ornate]!)),
      numColours: mean((i) => numColours(pictures[i]!)),
    };
  }
  throw new Error('no step');
}

/** Different colours of opaque pixels, told apart by the upper four bits of each channel, which noise leaves alone. */
function numColours(pixels: Uint8Array): number {
  const found = new Set<number>();
  for (let i = 0; i < pixels.length; i += 4) {
    if (pixels[i + 3]! > 127)
      found.add(((pixels[i]! >> 4) << 8) | ((pixels[i + 1]! >> 4) << 4) | (pixels[i + 2]! >> 4));
  }
  return found.size;
}

describe('the classifier of ornament', () => {
  it('makes portraits ornate and plain, as it and the colours tell', async () => {
    const { numTensors } = memory();
    const usual = await paint({});
    const ornate = await paint({ classifier, classifierLabel: 'ornate', classifierScale: SCALE });
    const plain = await paint({ classifier, classifierLabel: 'plain', classifierScale: SCALE });
    expect(memory().numTensors).toBe(numTensors);
    expect(ornate.pOrnate).toBeGreaterThan(usual.pOrnate + 0.2);
    expect(plain.pOrnate).toBeLessThan(usual.pOrnate - 0.2);
    expect(ornate.numColours).toBeGreaterThan(1.1 * plain.numColours);
  }, 120_000);
});
