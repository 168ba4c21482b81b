import { dispose, memory, setBackend, tensor4d } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { classifierShapes, classify } from '../networks/classifier.ts';
import { initialWeights } from '../networks/initialWeights.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import { expectClose } from '../testing/matchers.ts';
import { tinyDataset } from '../testing/tinyDataset.ts';
import { defaultClassifierConfig } from '../training/trainClassifier.ts';
import { classifyImages } from './classifyImages.ts';
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
