// The shipped classifier steers the shipped portraits, which never heard of hats.
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
import { packageRoot } from '../node/packageRoot.ts';

/** Two seeds in a row of each of two kinds. */
const REQUESTS: PictureOptions[] = ['goblin', 'lizardfolk'].flatMap((label) =>
  [101, 102].map((seed) => ({ label, seed })),
);
const STEPS = { numInferenceSteps: 10, guidanceScale: 2 };
const SCALE = 25;
/** Of 32 rows of a portrait those where a hat sits: of all the data's portraits 117 pixels with a hat, 34 without. */
const TOP_ROWS = 13;

let model: DiffusionModel;
let classifier: NoisyClassifier;

beforeAll(async () => {
  await selectBackend({ backend: 'wasm' });
  const assets = join(packageRoot(), 'assets');
  model = createModel(await loadModelFolder(diskSource(join(assets, 'models/portraits'))));
  classifier = createNoisyClassifier(await loadClassifierFolder(diskSource(join(assets, 'classifiers/portraits-hat'))));
});

afterAll(() => {
  model.dispose();
  classifier.dispose();
});

/** Means over the portraits: p(hat) as the classifier sees the finished latents, and opaque pixels where a hat sits. */
async function paint(options: SampleOptions): Promise<{ pHat: number; topPixels: number }> {
  for await (const { step, numSteps, x0Pred } of sample(model, REQUESTS, { ...STEPS, ...options })) {
    if (step < numSteps) continue;
    const logProbs = classifier.logProbs(x0Pred, new Int32Array(REQUESTS.length));
    const values = await logProbs.data();
    const images = decodeLatents(model, x0Pred);
    const pictures = await imagesToPixels(model, images);
    logProbs.dispose();
    images.dispose();
    const hat = classifier.labels.indexOf('hat');
    const mean = (each: (i: number) => number) => REQUESTS.reduce((sum, _, i) => sum + each(i), 0) / REQUESTS.length;
    return { pHat: mean((i) => Math.exp(values[2 * i + hat]!)), topPixels: mean((i) => numOpaque(pictures[i]!)) };
  }
  throw new Error('no step');
}

function numOpaque(pixels: Uint8Array): number {
  const top = pixels.subarray(0, 4 * TOP_ROWS * 32);
  return top.filter((value, i) => i % 4 === 3 && value > 127).length;
}

describe('the hat classifier', () => {
  it('puts hats on portraits, and takes them off, as it and the outlines tell', async () => {
    const { numTensors } = memory();
    const plain = await paint({});
    const hat = await paint({ classifier, classifierLabel: 'hat', classifierScale: SCALE });
    const bare = await paint({ classifier, classifierLabel: 'no_hat', classifierScale: SCALE });
    expect(memory().numTensors).toBe(numTensors);
    expect(hat.pHat).toBeGreaterThan(plain.pHat + 0.5);
    expect(hat.topPixels).toBeGreaterThan(1.4 * plain.topPixels);
    expect(bare.pHat).toBeLessThan(0.5 * plain.pHat);
    expect(bare.topPixels).toBeLessThan(0.9 * plain.topPixels);
  }, 120_000);
});
