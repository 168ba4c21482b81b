import { memory, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { enableRelaxedSimd } from '../../scripts/node/nodeRuntime.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { expectClose } from '../testing/matchers.ts';
import { runSteps, tinyCvaeTrainer, tinyDiffusionTrainer, tinyVaeTrainer } from '../testing/tinyTraining.ts';
import type { Batch } from './batch.ts';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
import type { GradientSource } from './gradients.ts';
import { learningRateAt } from './optimiser.ts';
import { Trainer, type TrainerOptions, type TrainerState } from './trainer.ts';
import { VAE_DEFAULTS } from './trainVae.ts';

beforeAll(async () => {
  enableRelaxedSimd();
  await selectBackend({ backend: 'wasm' });
});

const OPTIONS: TrainerOptions = { ...VAE_DEFAULTS, batchSize: 2, microBatchSize: 1, numSteps: 3 };
const BATCH: Batch = { x: { shape: [2], data: Float32Array.of(1, 2) } };

/** A source that answers with one gradient and a loss, both fixed. */
function fixedSource(grad: number[], loss = 1): GradientSource {
  return {
    gradients: async () => ({ grads: { w: tensor1d(grad) }, loss, metrics: {} }),
    dispose: async () => {},
  };
}

/** A training of one weight vector (0, 0) on a source. */
function oneWeight(
  source: GradientSource,
  options: Partial<TrainerOptions> = {},
  batchAt = (_: number) => BATCH,
): Trainer {
  const start = new Map([['w', { shape: [2], data: new Float32Array(2) }]]);
  return new Trainer(source, batchAt, { ...OPTIONS, ...options }, { isTrained: () => true }, start);
}

/** After a save and a load. */
async function restored(trainer: Trainer): Promise<TrainerState> {
  return decodeCheckpoint(encodeCheckpoint(await trainer.state()), 'checkpoint').state;
}

/** A state without the time, the one thing that differs between two equal trainings. */
const timeless = (state: TrainerState) => ({ ...state, elapsedMs: 0 });

describe.each([
  { name: 'VAE', create: tinyVaeTrainer as typeof tinyDiffusionTrainer },
  { name: 'one-step VAE', create: tinyCvaeTrainer as typeof tinyDiffusionTrainer },
  { name: 'diffusion', create: tinyDiffusionTrainer },
])('a $name training', ({ create }) => {
  it('goes on from a checkpoint as if nothing had been, bit for bit', async () => {
    const before = memory().numTensors;
    const whole = create({ numSteps: 6 });
    const first = create({ numSteps: 6 });
    const steps = await runSteps(whole);
    const firstSteps = await runSteps(first, 3);
    const second = create({ numSteps: 6 }, await restored(first));
    const losses = [...firstSteps, ...(await runSteps(second))].map(({ loss, gradNorm }) => ({ loss, gradNorm }));
    expect(losses).toEqual(steps.map(({ loss, gradNorm }) => ({ loss, gradNorm })));
    expect(timeless(await second.state())).toEqual(timeless(await whole.state()));
    for (const trainer of [whole, first, second]) await trainer.dispose();
    expect(memory().numTensors).toBe(before);
  });

  it('is over before its first step where none is asked for', async () => {
    const trainer = create({ numSteps: 0 });
    expect(trainer.progress).toBe(1);
    expect(await runSteps(trainer)).toEqual([]);
    await trainer.dispose();
  });

  it('goes on to another length', async () => {
    const short = create({ numSteps: 3 });
    await runSteps(short);
    const long = create({ numSteps: 6 }, await restored(short));
    const steps = await runSteps(long);
    expect(steps.map(({ step }) => step)).toEqual([4, 5, 6]);
    expect(steps[0]!.progress).toBeCloseTo(4 / 6);
    expect((await long.state()).elapsedMs).toBeGreaterThan((await short.state()).elapsedMs);
    expect(await runSteps(create({ numSteps: 3 }, await restored(long)))).toEqual([]);
    for (const trainer of [short, long]) await trainer.dispose();
  });
});

describe('Trainer', () => {
  it('ends after the current step when aborted, and frees everything', async () => {
    const before = memory().numTensors;
    const abort = new AbortController();
    const trainer = tinyVaeTrainer();
    const alive = memory().numTensors;
    const steps: number[] = [];
    for await (const { step } of trainer.run(abort.signal)) {
      steps.push(step);
      expect(memory().numTensors).toBe(alive);
      if (step === 2) abort.abort();
    }
    expect(steps).toEqual([1, 2]);
    for await (const _ of trainer.run(AbortSignal.abort())) throw new Error('no step was expected');
    await trainer.dispose();
    expect(memory().numTensors).toBe(before);
  });

  it('ends by time as well', async () => {
    const trainer = tinyVaeTrainer({ numSteps: null, numMinutes: 1e-9 });
    expect(await runSteps(trainer)).toHaveLength(1);
    await trainer.dispose();
  });

  it('reports what it did', async () => {
    const trainer = tinyVaeTrainer({ numSteps: 4 });
    for (const [i, step] of (await runSteps(trainer)).entries()) {
      expect(step).toMatchObject({ step: i + 1, numImages: 4 * (i + 1), progress: (i + 1) / 4 });
      expect(step.learningRate).toBe(learningRateAt({ ...VAE_DEFAULTS, numWarmupSteps: 5 }, i, i / 4));
      expect(Object.keys(step.metrics)).toEqual(['l1', 'kl']);
    }
    await trainer.dispose();
  });

  it('shortens a long gradient to clipNorm and leaves a short one', async () => {
    const momentOf = async (grad: number[]) => {
      const trainer = oneWeight(fixedSource(grad), { numSteps: 1, clipNorm: 2 });
      const [step] = await runSteps(trainer);
      const { m } = await trainer.state();
      await trainer.dispose();
      return { m: m.get('w')!.data, gradNorm: step!.gradNorm };
    };
    const [long, short] = [await momentOf([30, 40]), await momentOf([0.3, 0.4])];
    expectClose(long.m, [0.1 * 1.2, 0.1 * 1.6]);
    expectClose(short.m, [0.03, 0.04]);
    expectClose([long.gradNorm, short.gradNorm], [50, 0.5]);
  });

  it.each([
    { what: 'loss', source: () => fixedSource([1, 1], Number.NaN), message: /the loss is NaN .* at step 0/ },
    { what: 'gradient', source: () => fixedSource([1, Number.NaN]), message: /norm NaN at step 0; lower the learning/ },
  ])('stops at a $what that is no number, before it spoils the weights', async ({ source, message }) => {
    const before = memory().numTensors;
    const trainer = oneWeight(source());
    await expect(runSteps(trainer)).rejects.toThrow(message);
    expect((await trainer.state()).weights.get('w')!.data).toEqual(new Float32Array(2));
    await trainer.dispose();
    expect(memory().numTensors).toBe(before);
  });

  it('leaves nothing behind when gradients or the next batch fail', async () => {
    const before = memory().numTensors;
    const failing: GradientSource = {
      ...fixedSource([1, 1]),
      gradients: () => Promise.reject(new Error('no gradients')),
    };
    const trainer = oneWeight(failing);
    await expect(runSteps(trainer)).rejects.toThrow('no gradients');
    const hungry = oneWeight(fixedSource([1, 1]), {}, (step) => {
      if (step === 1) throw new Error('no batch');
      return BATCH;
    });
    await expect(runSteps(hungry)).rejects.toThrow('no batch');
    await trainer.dispose();
    await hungry.dispose();
    expect(memory().numTensors).toBe(before);
  });

  it('asks for the batch of each step once, cut into micro-batches', async () => {
    const asked: number[] = [];
    const seen: number[] = [];
    const source = fixedSource([1, 1]);
    const counting: GradientSource = {
      ...source,
      gradients: (weights: Readonly<Record<string, Tensor>>, microBatches) => {
        seen.push(microBatches.length);
        return source.gradients(weights, microBatches);
      },
    };
    const trainer = oneWeight(counting, {}, (step) => {
      asked.push(step);
      return BATCH;
    });
    await runSteps(trainer);
    expect(asked).toEqual([0, 1, 2, 3]);
    expect(seen).toEqual([2, 2, 2]);
    await trainer.dispose();
  });
});
