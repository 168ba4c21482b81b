import { expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import type { BackendName } from '../backends/selectBackend.ts';
import { parseUNet2DConfig } from '../networks/unet2dConfig.ts';
import { expectClose } from '../testing/matchers.ts';
import { tinyUNetConfig } from '../testing/tinyNetworks.ts';
import { runSteps, TINY_DIFFUSION_OPTIONS, tinyDiffusionTrainer, tinyLatents } from '../testing/tinyTraining.ts';
import type { Batch } from './batch.ts';
import { drawTimesteps } from './diffusionBatch.ts';
import type { GradientSource } from './gradients.ts';
import { latentStatistics } from './latentDataset.ts';
import { type DiffusionOptions, defaultUNetConfig, diffusionTrainer, trainingScheduler } from './trainDiffusion.ts';

/** The first backend's losses, which the others must meet. */
let reference: number[] | null = null;

/** A software GPU takes a third of a second a step: it ends early. */
const numStepsOn = (backend: BackendName) => (backend === 'webgpu' ? 3 : 4);

describeOnBackends((backend) => {
  it('trains with the losses of the other backends', async () => {
    const trainer = tinyDiffusionTrainer({ batchSize: 2 });
    const losses = (await runSteps(trainer, numStepsOn(backend))).map(({ loss }) => loss);
    await trainer.dispose();
    expect(losses).toHaveLength(numStepsOn(backend));
    reference ??= losses;
    const expected = reference.slice(0, losses.length);
    expectClose(losses, expected, { absolute: 1e-3, relative: 0 }, `losses on ${backend}`);
  });

  it.skipIf(backend !== 'wasm')('learns tiny latents', async () => {
    const trainer = tinyDiffusionTrainer({ numSteps: 90, batchSize: 4, microBatchSize: 4, learningRate: 1e-2 });
    const losses = (await runSteps(trainer)).map(({ loss }) => loss);
    await trainer.dispose();
    const meanOf = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    expect(meanOf(losses.slice(-20))).toBeLessThan(0.8 * meanOf(losses.slice(0, 10)));
  });
});

/** The batches that a training asks gradients of; nothing is computed. */
async function batchesOf(options: Partial<DiffusionOptions>, config = tinyUNetConfig()): Promise<Batch[]> {
  const batches: Batch[] = [];
  const source: GradientSource = {
    gradients: async (_, microBatches) => {
      batches.push(...microBatches);
      throw new Error('enough');
    },
    dispose: async () => {},
  };
  const latents = tinyLatents();
  const all = { ...TINY_DIFFUSION_OPTIONS, batchSize: 1200, microBatchSize: 1200, ...options };
  const trainer = diffusionTrainer(latents, latentStatistics(latents), config, all, undefined, source);
  await expect(runSteps(trainer)).rejects.toThrow('enough');
  await trainer.dispose();
  return batches;
}

it('drops condDropProb of the labels, evenly over the classes', async () => {
  const [batch] = await batchesOf({ condDropProb: 0.25 });
  const labels = Array.from(batch!.classLabels!.data);
  const share = (label: number) => labels.filter((value) => value === label).length / labels.length;
  const spread = 5 * Math.sqrt((0.25 * 0.75) / 1200);
  expect(Math.abs(share(3) - 0.25)).toBeLessThan(spread);
  for (const label of [0, 1, 2]) expect(Math.abs(share(label) - 0.25)).toBeLessThan(spread);
  const [kept] = await batchesOf({ condDropProb: 0 });
  expect(kept!.classLabels!.data).not.toContain(3);
  const [dropped] = await batchesOf({ condDropProb: 1 });
  expect(new Set(dropped!.classLabels!.data)).toEqual(new Set([3]));
});

it('draws standardised latents, standard noise and all timesteps', async () => {
  const [batch] = await batchesOf({ condDropProb: 0 });
  const { x0, eps, t } = batch!;
  const momentsOf = (data: ArrayLike<number>, channel: number) => {
    const values = Array.from(data).filter((_, i) => i % 4 === channel);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    return { mean, std: Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length) };
  };
  for (const channel of [0, 1, 2, 3]) {
    for (const data of [x0!.data, eps!.data]) {
      const { mean, std } = momentsOf(data, channel);
      expect(Math.abs(mean)).toBeLessThan(0.05);
      expect(Math.abs(std - 1)).toBeLessThan(0.05);
    }
  }
  const steps = Array.from(t!.data);
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...steps)).toBeLessThanOrEqual(999);
  expect(Math.abs(steps.reduce((a, b) => a + b, 0) / steps.length - 499.5)).toBeLessThan(50);
});

it('trains on the timesteps that are drawn', async () => {
  const [batch] = await batchesOf({ timestepShift: 5 });
  const drawn = drawTimesteps(1200, { ...TINY_DIFFUSION_OPTIONS, timestepShift: 5 }, 0);
  expect(batch!.t!.data).toEqual(drawn);
});

it('rolls no latents of a network that knows places, which data agree on', async () => {
  const knowing = tinyUNetConfig({ sample_size: 4, position_embedding: true });
  const [[plain], [kept]] = [await batchesOf({}), await batchesOf({ circular: true }, knowing)];
  expect(kept).toEqual(plain);
});

it('rolls the latents by whole cells, each image another way', async () => {
  const [[plain], [rolled]] = [await batchesOf({}), await batchesOf({ circular: true })];
  const [, height, width, channels] = plain!.x0!.shape as [number, number, number, number];
  const size = height * width * channels;
  const rollsOf = (image: number) => {
    const [before, after] = [plain!, rolled!].map((batch) => batch.x0!.data.subarray(image * size, (image + 1) * size));
    const isRoll = (dy: number, dx: number) =>
      after!.every((value, i) => {
        const [y, x, c] = [Math.floor(i / (width * channels)), Math.floor(i / channels) % width, i % channels];
        const from = (((y - dy + height) % height) * width + ((x - dx + width) % width)) * channels + c;
        return value === before![from];
      });
    return Array.from({ length: height * width }, (_, i) => i).filter((i) => isRoll(Math.floor(i / width), i % width));
  };
  const rolls = Array.from({ length: 100 }, (_, image) => rollsOf(image));
  expect(rolls.every((found) => found.length === 1)).toBe(true);
  expect(new Set(rolls.flat()).size).toBe(height * width);
});

it('defaultUNetConfig has a third level for large latents', () => {
  const config = defaultUNetConfig({ shape: [16, 16, 8] }, 10);
  expect(parseUNet2DConfig(config)).toEqual(config);
  expect(config.block_out_channels).toHaveLength(3);
});

it('defaultUNetConfig is one that parses, for latents that are not square too', () => {
  const config = defaultUNetConfig({ shape: [8, 4, 6] }, 12);
  expect(parseUNet2DConfig(config)).toEqual(config);
  expect(config).toMatchObject({ sample_size: [8, 4], in_channels: 6, out_channels: 6, num_class_embeds: 13 });
});

it('trainingScheduler is what the model is saved with', () => {
  const config = trainingScheduler({ predictionType: 'epsilon', betaSchedule: 'linear' });
  expect(config).toMatchObject({ predictionType: 'epsilon', betaSchedule: 'linear', numTrainTimesteps: 1000 });
});
