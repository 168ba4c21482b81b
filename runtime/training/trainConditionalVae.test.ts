import { expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import type { BackendName } from '../backends/selectBackend.ts';
import { ANY } from '../core/attributes.ts';
import type { AttributeColumn } from '../dataset/attributeColumns.ts';
import { colourRarity, pixelRarity } from '../dataset/colourRarity.ts';
import { conditionalVaeShapes } from '../networks/conditionalVae.ts';
import { initialWeights } from '../networks/initialWeights.ts';
import { expectClose } from '../testing/matchers.ts';
import { naiveLosses, recordingGradients } from '../testing/naiveTraining.ts';
import { tinyAttributes, tinyDataset } from '../testing/tinyDataset.ts';
import { tinyCvaeConfig } from '../testing/tinyNetworks.ts';
import { runSteps, TINY_CVAE_OPTIONS, tinyCvaeTrainer } from '../testing/tinyTraining.ts';
import { type Batch, batchArray } from './batch.ts';
import { createTask } from './task.ts';
import {
  CONDITIONAL_VAE_DEFAULTS,
  conditionalVaeTaskSpec,
  conditionalVaeTrainer,
  defaultConditionalVaeConfig,
  klWeightAt,
} from './trainConditionalVae.ts';

const OPTIONS = { ...TINY_CVAE_OPTIONS, batchSize: 2, numSteps: 10 };

/** The losses of `naiveLosses`, which those of every backend must meet. */
let reference: number[] | null = null;

const meanOf = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
/** A software GPU takes a fifth of a second a step: it ends early. */
const numStepsOn = (backend: BackendName) => (backend === 'webgpu' ? 3 : 4);

describeOnBackends((backend) => {
  it('trains with the losses of a training by the book', async () => {
    const config = tinyCvaeConfig();
    const task = createTask(conditionalVaeTaskSpec(config, OPTIONS));
    const batches: Batch[] = [];
    const trainer = tinyCvaeTrainer(OPTIONS, undefined, recordingGradients(task, batches));
    const losses = (await runSteps(trainer, numStepsOn(backend))).map(({ loss }) => loss);
    await trainer.dispose();
    expect(losses).toHaveLength(numStepsOn(backend));
    reference ??= await naiveLosses(task, OPTIONS, initialWeights(conditionalVaeShapes(config), OPTIONS.seed), batches);
    const expected = reference.slice(0, losses.length);
    expectClose(losses, expected, { absolute: 2e-3, relative: 0 }, `losses on ${backend}`);
  });

  it.skipIf(backend !== 'wasm')('learns a tiny data set, and pays for its latents by their weight', async () => {
    const trained = async (klWeight: number) => {
      const trainer = tinyCvaeTrainer({ numSteps: 40, microBatchSize: 4, learningRate: 5e-3, klWeight });
      const metrics = (await runSteps(trainer)).map((step) => step.metrics);
      await trainer.dispose();
      const of = (name: string, from: number, to?: number) =>
        meanOf(metrics.slice(from, to).map((values) => values[name]!));
      return { first: of('l1', 0, 5), l1: of('l1', -10), kl: of('kl', -10) };
    };
    const [free, cheap, dear] = [await trained(0), await trained(0.1), await trained(20)];
    expect(cheap.l1).toBeLessThan(0.8 * cheap.first);
    expect(dear.kl).toBeLessThan(0.2 * cheap.kl);
    expect(dear.l1).toBeGreaterThan(cheap.l1);
    expect(free.kl).toBeGreaterThan(cheap.kl);
  });
});

it('leaves out label and attributes of some pictures, and of none where their share is 0', async () => {
  const column = tinyAttributes()[0]!;
  const dataset = { ...tinyDataset(), attributes: [{ ...column, data: column.data.map(() => 1) } as AttributeColumn] };
  const indices = Int32Array.from(dataset.classLabels.keys());
  const config = tinyCvaeConfig({ attributes: { tone: 3 } });
  const told = async (condDropProb: number) => {
    const options = { ...TINY_CVAE_OPTIONS, batchSize: 8, microBatchSize: 8, numSteps: 3, condDropProb };
    const batches: Batch[] = [];
    const gradients = recordingGradients(createTask(conditionalVaeTaskSpec(config, options)), batches);
    const trainer = conditionalVaeTrainer(dataset, indices, config, options, undefined, gradients);
    await runSteps(trainer);
    await trainer.dispose();
    const all = (name: string) => batches.flatMap((batch) => [...batchArray(batch, name).data]);
    return { labels: all('classLabels'), tones: all('attributes') };
  };
  const whole = await told(0);
  expect(whole.tones).toEqual(new Array(24).fill(1));
  const some = await told(0.1);
  expect(new Set(some.tones)).toEqual(new Set([ANY, 1]));
  expect(some.labels).toEqual(whole.labels.map((label, i) => (some.labels[i] === 3 ? 3 : label)));
  expect(whole.labels).not.toContain(3);
  expect((await told(1)).labels).toEqual(new Array(24).fill(3));
});

it('tells how rare the colours of each pixel are, where these are to count more', async () => {
  const dataset = tinyDataset();
  const indices = Int32Array.from(dataset.classLabels.keys());
  const config = tinyCvaeConfig();
  const firstBatch = async (rareColourWeight: number) => {
    const options = { ...OPTIONS, numSteps: 1, rareColourWeight };
    const batches: Batch[] = [];
    const gradients = recordingGradients(createTask(conditionalVaeTaskSpec(config, options)), batches);
    const trainer = conditionalVaeTrainer(dataset, indices, config, options, undefined, gradients);
    await runSteps(trainer);
    await trainer.dispose();
    return batches[0]!;
  };
  const { x, rarity } = await firstBatch(1);
  const [numPictures, height, width, channels] = x!.shape as [number, number, number, number];
  expect(rarity!.shape).toEqual([numPictures, height, width, 1]);
  const pictures = x!.data as Float32Array;
  const length = height * width * channels;
  expect(rarity!.data).toEqual(pixelRarity(colourRarity(dataset, indices), pictures, length, channels));
  expect(await firstBatch(0)).not.toHaveProperty('rarity');
});

it('klWeightAt grows linearly to the weight', () => {
  const options = { ...CONDITIONAL_VAE_DEFAULTS, klWeight: 2, klWarmupSteps: 4 };
  expect([0, 1, 2, 3, 4, 99].map((step) => klWeightAt(options, step))).toEqual([0.5, 1, 1.5, 2, 2, 2]);
  expect(klWeightAt({ ...options, klWarmupSteps: 0 }, 0)).toBe(2);
  expect(klWeightAt({ ...options, klWeight: 0 }, 50)).toBe(0);
});

it('defaultConditionalVaeConfig fits the data set, and what a model has room for', () => {
  const dataset = { ...tinyDataset({ widthPx: 32, heightPx: 16 }), labels: Array.from({ length: 13 }, String) };
  expect(defaultConditionalVaeConfig(dataset, 32)).toMatchObject({
    sample_size: [16, 32],
    num_labels: 13,
    latent_size: 32,
  });
  const config = defaultConditionalVaeConfig({ ...dataset, heightPx: 32 });
  const sizes = [...conditionalVaeShapes(config).values()].map((shape) => shape.reduce((a, b) => a * b, 1));
  expect(2 * sizes.reduce((a, b) => a + b, 0)).toBeLessThan(3_000_000);
  expect(config.block_out_channels).toHaveLength(3);
  expect(defaultConditionalVaeConfig({ ...dataset, widthPx: 64 }).block_out_channels).toHaveLength(4);
  const told = defaultConditionalVaeConfig({
    ...dataset,
    attributes: [{ name: 'mood', values: ['glad', 'sad'], data: Int16Array.of(0) }],
  });
  expect(told.label_channels).toBeGreaterThan(config.label_channels);
});
