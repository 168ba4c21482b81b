import { dispose, memory } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGradientWorkers } from '../../scripts/node/nodeWorkers.ts';
import { draw } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { conditioningConfig } from '../networks/conditioningConfig.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import { randomWeights, tinyUNetConfig, tinyVaeConfig } from '../testing/tinyNetworks.ts';
import { runSteps, TINY_DIFFUSION_OPTIONS, TINY_VAE_OPTIONS, tinyVaeTrainer } from '../testing/tinyTraining.ts';
import { type Batch, splitBatch } from './batch.ts';
import { dataParallelGradients, type GradientWorker } from './dataParallel.ts';
import { type GradientSource, localGradients } from './gradients.ts';
import { createTask, type TaskSpec } from './task.ts';
import { diffusionTaskSpec } from './trainDiffusion.ts';
import { vaeTaskSpec } from './trainVae.ts';

const input = (seed: number, shape: number[]) => ({ shape, data: draw(seed, shape).values });
const VAE = vaeTaskSpec(tinyVaeConfig(), TINY_VAE_OPTIONS);
const DDPM = diffusionTaskSpec(tinyUNetConfig(), TINY_DIFFUSION_OPTIONS);
const CONDITIONED = diffusionTaskSpec(tinyUNetConfig({ class_embed_type: 'identity', num_class_embeds: null }), {
  ...TINY_DIFFUSION_OPTIONS,
  conditioning: conditioningConfig(32, 3, { hair: ['black', 'red'], wear: { min: 0, max: 1 } }),
});
const VAE_BATCH: Batch = { x: input(1, [5, 8, 8, 4]), eps: input(2, [5, 4, 4, 4]) };
const DDPM_BATCH: Batch = {
  x0: input(3, [5, 4, 4, 4]),
  eps: input(4, [5, 4, 4, 4]),
  t: { shape: [5], data: Int32Array.of(0, 100, 500, 900, 999) },
  classLabels: { shape: [5], data: Int32Array.of(0, 1, 2, 3, 0) },
};

const CONDITIONED_BATCH: Batch = {
  ...DDPM_BATCH,
  attributes: { shape: [5, 2], data: Float32Array.of(0, 0.5, 1, -1, -1, 1, 0, 0, -1, -1) },
};

/** Started once, since a start takes seconds; a source may take over the workers of another. */
let threads: GradientWorker[] = [];

function withWorkers(spec: TaskSpec, count: number): GradientSource {
  const workers = threads.slice(0, count).map((worker) => ({ ...worker, terminate: async () => {} }));
  return dataParallelGradients(spec, workers);
}

beforeAll(async () => {
  await selectBackend({ backend: 'wasm' });
  threads = startGradientWorkers(2);
});

afterAll(async () => {
  await dataParallelGradients(VAE, threads).dispose();
});

async function gradientsWith(source: GradientSource, spec: TaskSpec, batch: Batch) {
  const weights = uploadWeights(randomWeights(createTask(spec).shapes));
  const { grads, loss, metrics } = await source.gradients(weights, splitBatch(batch, 2));
  const values: Record<string, Float32Array> = {};
  for (const [name, grad] of Object.entries(grads)) values[name] = (await grad.data()) as Float32Array;
  dispose([...Object.values(weights), ...Object.values(grads)]);
  return { values, loss, metrics };
}

describe('dataParallelGradients', () => {
  it.each([
    { name: 'VAE', spec: VAE, batch: VAE_BATCH },
    { name: 'U-Net', spec: DDPM, batch: DDPM_BATCH },
    { name: 'U-Net with attributes', spec: CONDITIONED, batch: CONDITIONED_BATCH },
  ])('gives the same bits with one worker, two, or none, $name', async ({ spec, batch }) => {
    const before = memory().numTensors;
    const one = await gradientsWith(withWorkers(spec, 1), spec, batch);
    expect(await gradientsWith(withWorkers(spec, 2), spec, batch)).toEqual(one);
    expect(await gradientsWith(localGradients(createTask(spec)), spec, batch)).toEqual(one);
    expect(memory().numTensors).toBe(before);
  });

  it('sees the weights of each step: a training with workers goes as one without', async () => {
    const alone = tinyVaeTrainer({ numSteps: 4 });
    const together = tinyVaeTrainer({ numSteps: 4 }, undefined, withWorkers(VAE, 2));
    const losses = async (trainer: typeof alone) => (await runSteps(trainer)).map(({ loss }) => loss);
    expect(await losses(together)).toEqual(await losses(alone));
    await alone.dispose();
    await together.dispose();
  });

  it('hands on what failed in a worker, leaves nothing behind and works on', async () => {
    const source = withWorkers(VAE, 2);
    const weights = uploadWeights(randomWeights(createTask(VAE).shapes));
    const { eps: _, ...broken } = VAE_BATCH;
    const before = memory().numTensors;
    await expect(source.gradients(weights, splitBatch(broken, 2))).rejects.toThrow(/gradient worker: .*no eps/);
    expect(memory().numTensors).toBe(before);
    dispose(Object.values(weights));
    const good = await gradientsWith(source, VAE, VAE_BATCH);
    expect(good).toEqual(await gradientsWith(localGradients(createTask(VAE)), VAE, VAE_BATCH));
  });

  it('shares other memory after a failure, for workers that are late', async () => {
    const blocks: unknown[] = [];
    let reply = (_: unknown) => {};
    const failing: GradientWorker = {
      postMessage: (request) => {
        const { type, grads, weights, step } = request as Record<string, unknown>;
        blocks.push(type === 'init' ? weights : grads);
        if (type === 'work') reply({ type: 'failed', step, message: 'out of memory' });
      },
      onMessage: (listener) => {
        reply = listener;
      },
      onError: () => {},
      terminate: async () => {},
    };
    const source = dataParallelGradients(VAE, [failing]);
    const weights = uploadWeights(randomWeights(createTask(VAE).shapes));
    for (let i = 0; i < 2; i++) await expect(source.gradients(weights, [VAE_BATCH])).rejects.toThrow(/out of memory/);
    expect(new Set(blocks).size).toBe(4); // weights and gradients, of each attempt
    dispose(Object.values(weights));
  });

  it('hands on the death of a worker', async () => {
    const dying: GradientWorker = {
      postMessage: () => {},
      onMessage: () => {},
      onError: (listener) => listener(new Error('out of memory')),
      terminate: async () => {},
    };
    const weights = uploadWeights(randomWeights(createTask(VAE).shapes));
    await expect(dataParallelGradients(VAE, [dying]).gradients(weights, [VAE_BATCH])).rejects.toThrow(/out of memory/);
    dispose(Object.values(weights));
  });
});
