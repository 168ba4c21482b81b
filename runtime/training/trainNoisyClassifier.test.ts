import { dispose, memory, type Tensor4D, tensor, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { normals } from '../core/random.ts';
import { createSchedule } from '../diffusion/schedule.ts';
import { sampleLatents } from '../networks/latentDistribution.ts';
import { latentScaler, scaleLatents } from '../networks/latentScaling.ts';
import { classifyNoisy, noisyClassifierShapes } from '../networks/noisyClassifier.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import { expectClose, expectUncorrelated } from '../testing/matchers.ts';
import { recordingGradients } from '../testing/naiveTraining.ts';
import { randomWeights, tinyVaeConfig } from '../testing/tinyNetworks.ts';
import { runSteps, tinyLatents } from '../testing/tinyTraining.ts';
import type { Batch } from './batch.ts';
import { drawLatents } from './latentDataset.ts';
import { createTask } from './task.ts';
import { trainingScheduler } from './trainDiffusion.ts';
import {
  defaultNoisyClassifierConfig,
  NOISY_CLASSIFIER_DEFAULTS,
  noisyAccuracy,
  noisyClassifierTaskSpec,
  noisyClassifierTrainer,
  noisyTimesteps,
} from './trainNoisyClassifier.ts';

const VAE = tinyVaeConfig({ latents_mean: [1, 1, 0.5, 1], latents_std: [1, 0.9, 2, 1.1] });
const ORIGIN = {
  vaeConfig: VAE,
  scheduler: trainingScheduler({ predictionType: 'v_prediction', betaSchedule: 'squaredcos_cap_v2' }),
};
const CONFIG = {
  ...defaultNoisyClassifierConfig({ shape: [4, 4, 4] }, 3, false),
  block_out_channels: [16, 16],
  time_embedding_dim: 32,
};
const OPTIONS = {
  ...NOISY_CLASSIFIER_DEFAULTS,
  batchSize: 24,
  microBatchSize: 12,
  numWarmupSteps: 2,
  learningRate: 1e-2,
  emaDecay: 0.9,
  numSteps: 60,
};

beforeAll(async () => {
  await selectBackend({ backend: 'wasm' });
});

describe('a noise-aware classifier', () => {
  it('learns labels of clean latents well, of noised ones less, and of noise not at all', async () => {
    const before = memory().numTensors;
    const trainer = noisyClassifierTrainer(tinyLatents(), ORIGIN, CONFIG, OPTIONS);
    const steps = await runSteps(trainer);
    expect(steps[0]!.loss).toBeGreaterThan(0.9);
    const unseen = tinyLatents(60, [4, 4, 4]);
    const results = await noisyAccuracy(CONFIG, trainer.ema, unseen, ORIGIN, [0, 400, 999]);
    const [clean, , noise] = results;
    expect(clean!.accuracy).toBeGreaterThan(0.95);
    expect(clean!.logLoss).toBeLessThan(0.3);
    expect(noise!.accuracy).toBeLessThan(0.6);
    expect(noise!.logLoss).toBeGreaterThan(0.8);
    expect(results.map(({ t, alphaBar }) => [t, alphaBar > 0.5])).toEqual([
      [0, true],
      [400, true],
      [999, false],
    ]);
    await trainer.dispose();
    expect(memory().numTensors).toBe(before);
  });

  it('goes on from a state as if nothing had been', async () => {
    const whole = noisyClassifierTrainer(tinyLatents(), ORIGIN, CONFIG, { ...OPTIONS, numSteps: 3 });
    const expected = await runSteps(whole);
    const part = noisyClassifierTrainer(tinyLatents(), ORIGIN, CONFIG, { ...OPTIONS, numSteps: 3 });
    await runSteps(part, 2);
    const state = await part.state();
    await part.dispose();
    const rest = noisyClassifierTrainer(tinyLatents(), ORIGIN, CONFIG, { ...OPTIONS, numSteps: 3 }, state);
    expect((await runSteps(rest)).map(({ loss }) => loss)).toEqual(expected.slice(2).map(({ loss }) => loss));
    await Promise.all([whole.dispose(), rest.dispose()]);
  });

  it('sees latents noised apart from the noise of their posterior', async () => {
    const { std, ...known } = tinyLatents();
    const latents = { ...known, std: std.map(() => 1) };
    const options = { ...OPTIONS, batchSize: 64, microBatchSize: 64, numSteps: 1 };
    const batches: Batch[] = [];
    const source = recordingGradients(createTask(noisyClassifierTaskSpec(CONFIG, ORIGIN.scheduler)), batches);
    const trainer = noisyClassifierTrainer(latents, ORIGIN, CONFIG, options, undefined, source);
    await runSteps(trainer);
    await trainer.dispose();
    expectUncorrelated(batches[0]!.x0!.data, batches[0]!.eps!.data);
  });
});

describe('noisyAccuracy', () => {
  it('weighs labels alike, and counts what the network says of each noised image', async () => {
    const weights = uploadWeights(randomWeights(noisyClassifierShapes(CONFIG), 3));
    const latents = tinyLatents(70); // more than one batch
    latents.classLabels.fill(0, 0, 50);
    const { numTensors } = memory();
    const [measured] = await noisyAccuracy(CONFIG, weights, latents, ORIGIN, [0], 5);
    expect(memory().numTensors).toBe(numTensors);
    const x0 = drawLatents(latents, Int32Array.from(latents.classLabels.keys()), latentScaler(VAE), null);
    const eps = normals(5, 0, x0.length);
    const alphaBar = createSchedule(ORIGIN.scheduler).alphasCumprod[0]!;
    const xt = x0.map((value, i) => Math.sqrt(alphaBar) * value + Math.sqrt(1 - alphaBar) * eps[i]!);
    const logits = tidy(() =>
      classifyNoisy(CONFIG, weights, tensor(xt, [70, 4, 4, 4]) as Tensor4D, new Int32Array(70)),
    );
    const values = await logits.data();
    const [hits, losses, counts] = [
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ];
    latents.classLabels.forEach((label, i) => {
      const row = Array.from(values.subarray(3 * i, 3 * i + 3));
      counts[label]! += 1;
      hits[label]! += row[label] === Math.max(...row) ? 1 : 0;
      losses[label]! += Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0)) - row[label]!;
    });
    const mean = (sums: number[]) => sums.reduce((total, sum, label) => total + sum / counts[label]!, 0) / 3;
    expect(measured!.accuracy).toBeCloseTo(mean(hits));
    expect(measured!.logLoss).toBeCloseTo(mean(losses), 4);
    dispose([logits, ...Object.values(weights)]);
  });

  it('measures at tenths of the schedule, however long it is', async () => {
    const weights = uploadWeights(randomWeights(noisyClassifierShapes(CONFIG), 3));
    const timesteps = async (numTrainTimesteps: number) => {
      const origin = { ...ORIGIN, scheduler: { ...ORIGIN.scheduler, numTrainTimesteps } };
      return (await noisyAccuracy(CONFIG, weights, tinyLatents(3), origin)).map(({ t }) => t);
    };
    expect(await timesteps(1000)).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 999]);
    expect(await timesteps(50)).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 49]);
    expect(noisyTimesteps({ numTrainTimesteps: 4 })).toEqual([0, 1, 2, 3]);
    dispose(weights);
  });
});

describe('drawLatents', () => {
  it.each([VAE, tinyVaeConfig({ scaling_factor: 0.7, shift_factor: 0.2 })])(
    'is what the model takes of the posterior',
    async (config) => {
      const latents = tinyLatents(3);
      const noise = normals(2, 0, latents.mean.length);
      const actual = drawLatents(latents, Int32Array.from([0, 1, 2]), latentScaler(config), noise);
      const expected = tidy(() => {
        const [mean, eps] = [latents.mean, noise].map((values) => tensor(values, [3, 4, 4, 4]) as Tensor4D);
        const logVar = tensor(
          latents.std.map((std) => 2 * Math.log(std)),
          [3, 4, 4, 4],
        ) as Tensor4D;
        return scaleLatents(config, sampleLatents({ mean: mean!, logVar }, eps!));
      });
      expectClose(actual, (await expected.data()) as Float32Array);
      expected.dispose();
    },
  );
});
