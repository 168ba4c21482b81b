import { dispose, memory, setBackend, tensor4d } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { classifierShapes, classify } from '../networks/classifier.ts';
import { initialWeights, uploadWeights } from '../networks/weights.ts';
import { expectClose } from '../testing/matchers.ts';
import { tinyDataset } from '../testing/tinyDataset.ts';
import { defaultClassifierConfig } from '../training/trainClassifier.ts';
import { accuracyOf, attributeAccuracy, classifyImages, spreadPerClass } from './classifyImages.ts';
import { imagesOfDataset } from './imageSet.ts';

const dataset = tinyDataset({ perClass: 25 });
const images = imagesOfDataset(dataset, Int32Array.from(dataset.classLabels.keys()));
const config = { ...defaultClassifierConfig(dataset), block_out_channels: [8, 16] };

describeOnBackends(
  (backend) => {
    it('gives every image its features and likeliest class, over several batches', async () => {
      await setBackend(backend);
      const before = memory().numTensors;
      const weights = uploadWeights(initialWeights(classifierShapes(config), 2));
      const { features, numFeatures, predicted } = await classifyImages(config, weights, images);
      expect(numFeatures).toBe(16);
      const x = tensor4d(images.values, [75, 8, 8, 4]);
      const whole = classify(config, weights, x);
      expectClose(features, await whole.features.data(), { relative: 1e-5 });
      const logits = await whole.logits.data();
      predicted.forEach((label, i) => {
        const row = Array.from(logits.slice(3 * i, 3 * i + 3));
        expect(row[label]).toBeGreaterThanOrEqual(Math.max(...row) - 1e-4);
      });
      dispose([x, whole.features, whole.logits, ...Object.values(weights)]);
      expect(memory().numTensors).toBe(before);
    });
  },
  ['wasm'],
);

it('counts the hits of all images and of each class', () => {
  const accuracy = accuracyOf(Int32Array.of(0, 1, 1, 2, 0), Int32Array.of(0, 0, 1, 1, 0), 3);
  expect(accuracy).toEqual({ overall: 3 / 5, perClass: [2 / 3, 1 / 2, Number.NaN] });
});

it('refuses sets that do not fit', () => {
  expect(() => accuracyOf(Int32Array.of(0), Int32Array.of(0, 0), 1)).toThrow('1 predictions for 2 images');
  expect(() => accuracyOf(Int32Array.of(), Int32Array.of(), 1)).toThrow('at least one');
});

it('tells what it takes the attributes for: the likeliest word, and the estimate of a number', async () => {
  await setBackend('wasm');
  const attributes = { hair: 2, wear: 'number', eyes: 3 } as const;
  const withAttributes = { ...config, attributes };
  const before = memory().numTensors;
  const weights = uploadWeights(initialWeights(classifierShapes(withAttributes), 2));
  const { attributes: read } = await classifyImages(withAttributes, weights, images);
  const x = tensor4d(images.values, [75, 8, 8, 4]);
  const whole = classify(withAttributes, weights, x);
  const logits = await whole.attributes!.data();
  for (let i = 0; i < 75; i++) {
    const [noHair, hair, wear, ...eyes] = logits.slice(6 * i, 6 * i + 6);
    const [readHair, readWear, readEyes] = read.slice(3 * i, 3 * i + 3);
    expect(readHair).toBe(hair! > noHair! ? 1 : 0);
    expect(readWear).toBeCloseTo(wear!, 5);
    expect(eyes[readEyes!]).toBe(Math.max(...eyes));
  }
  dispose([x, whole.features, whole.logits, whole.attributes!, ...Object.values(weights)]);
  expect(memory().numTensors).toBe(before);
});

it('counts words that are read right, and compares the order of numbers, where they are known', () => {
  const kinds = { hair: 3, wear: 'number' } as const;
  const expected = [0, 0.1, 1, 0.5, 2, -1, -1, 0.9, 1, 0.2];
  const read = [0, 0.3, 2, 0.4, 2, 0.9, 0, 0.7, 1, 0.35];
  const { hair, wear } = attributeAccuracy(kinds, read, expected);
  expect(hair).toBe(3 / 4);
  expect(wear).toBe(1);
  const reversed = attributeAccuracy({ wear: 'number' }, [3, 2, 2, 1], [0.1, 0.2, 0.3, 0.4]);
  // Ranks 3, 1.5, 1.5, 0 against 0, 1, 2, 3: covariance −4.5, variances 4.5 and 5.
  expect(reversed.wear).toBeCloseTo(-4.5 / Math.sqrt(4.5 * 5), 12);
  expect(attributeAccuracy({ hair: 2 }, [1], [-1])).toEqual({ hair: Number.NaN });
});

it('is the mean distance between two images of a class', () => {
  const features = Float32Array.of(0, 0, 3, 4, 9, 9, 3, 0, 9, 9);
  const spread = spreadPerClass(features, 2, Int32Array.of(0, 0, 1, 0, 1), 2);
  expect(spread[0]).toBeCloseTo((5 + 3 + 4) / 3, 12);
  expect(spread[1]).toBe(0);
});

it('is not a number for a class with fewer than two images', () => {
  expect(spreadPerClass(Float32Array.of(1, 2), 2, Int32Array.of(1), 2)).toEqual([Number.NaN, Number.NaN]);
});
