import { memory } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { tinyDataset, tinyMaterials } from '../testing/tinyDataset.ts';
import { HEIGHT_TRAINING_DEFAULTS, heightConfig, heightTrainer } from '../training/trainHeight.ts';
import { heightError } from './heightError.ts';
import { imagesOfDataset } from './imageSet.ts';

const dataset = tinyMaterials({ perClass: 6 });
const everyImage = Int32Array.from(dataset.classLabels.keys());
const OPTIONS = { ...HEIGHT_TRAINING_DEFAULTS, batchSize: 6, numSteps: 40, numWarmupSteps: 5 };

beforeAll(async () => {
  await selectBackend({ backend: 'wasm' });
});

it('is smaller for the heights of the pictures than for those of others', async () => {
  const { numTensors } = memory();
  const config = heightConfig(dataset);
  const trainer = heightTrainer(dataset, everyImage, config, OPTIONS);
  const losses: number[] = [];
  for await (const { loss } of trainer.run()) losses.push(loss);
  expect(losses.at(-1)!).toBeLessThan(0.5 * losses[0]!);
  const guesser = { config, weights: trainer.ema, circular: false };
  const right = imagesOfDataset(dataset, everyImage);
  const size = 8 * 8 * 6;
  const values = right.values.map((value, i) =>
    i % 6 === 3 ? right.values[(i + size) % right.values.length]! : value,
  );
  const [own, others] = [await heightError(guesser, right), await heightError(guesser, { ...right, values })];
  expect(own).toBeLessThan(0.7 * others);
  await trainer.dispose();
  expect(memory().numTensors).toBe(numTensors);
});

it('refuses pictures without maps', async () => {
  const config = heightConfig(dataset);
  expect(() => heightTrainer(tinyDataset(), everyImage, config)).toThrow('heightTrainer: "tiny" has no maps');
  const images = imagesOfDataset(tinyDataset(), everyImage);
  await expect(heightError({ config, weights: {}, circular: false }, images)).rejects.toThrow(
    'heightError: the images have 4 channels; expected 6, of materials',
  );
});
