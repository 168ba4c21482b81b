// A network of the study: trained for the minutes of one thread that the study gives to each, and kept.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Tensor } from '@tensorflow/tfjs-core';
import {
  downloadWeights,
  parseSafetensors,
  type Trainer,
  uploadWeights,
  type WeightTensor,
  writeSafetensors,
} from '../../runtime/index.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { letEventsIn } from '../node/interrupt.ts';
import { cpuMs } from './judgePictures.ts';
import type { StudyContext } from './part.ts';

export interface NetworkPlan {
  /** Begins the name of its file, in which a digest of the settings follows. */
  name: string;
  /** Plans of one kind cost the same a step, and so get the same number of steps. */
  kind: string;
  settings: unknown;
  trainer(numSteps: number): Trainer;
}

export interface StudyNetwork {
  /** Tensors on the current backend; the caller disposes them. */
  weights: Record<string, Tensor>;
  /** Steps of training. */
  numSteps: number;
}

const WARM_UP = 2;
const TIMED = 6;

/** Finds a network that was trained before, or trains it. */
export async function trainNetwork(
  context: StudyContext,
  plan: NetworkPlan,
  onProgress: (share: number) => void,
): Promise<StudyNetwork> {
  const settings = JSON.stringify([plan.settings, context.dataset.name, context.training.length, context.minutes]);
  const digest = createHash('sha256').update(settings).digest('hex').slice(0, 8);
  const file = `models/${plan.name}-${digest}.safetensors`;
  const bytes = await readFile(path.join(context.work, file)).catch(() => null);
  if (bytes) {
    const { tensors, metadata } = parseSafetensors(new Uint8Array(bytes), file);
    const weights = uploadWeights(tensors as Map<string, WeightTensor>);
    return { weights, numSteps: Number(metadata.numSteps) };
  }
  const numSteps = await stepsFor(context, plan);
  const trained = await train(plan.trainer(numSteps), onProgress);
  await writeFilesAtomic(context.work, {
    [file]: writeSafetensors(trained, { metadata: { numSteps: String(numSteps) } }),
  });
  return { weights: uploadWeights(trained), numSteps };
}

async function train(trainer: Trainer, onProgress: (share: number) => void): Promise<Map<string, WeightTensor>> {
  try {
    for await (const { progress } of trainer.run()) {
      await letEventsIn();
      onProgress(progress);
    }
    return await downloadWeights(trainer.ema);
  } finally {
    await trainer.dispose();
  }
}

const measured = new WeakMap<StudyContext, Map<string, number>>();

/** The number of steps that take the study's minutes of CPU time of one thread; other load on the machine does not count. */
async function stepsFor(context: StudyContext, plan: NetworkPlan): Promise<number> {
  const known = measured.get(context) ?? new Map<string, number>();
  measured.set(context, known);
  const stepMs = known.get(plan.kind) ?? (await costOfStep(plan.trainer(WARM_UP + TIMED)));
  known.set(plan.kind, stepMs);
  return Math.max(1, Math.round((60_000 * context.minutes) / stepMs));
}

async function costOfStep(trainer: Trainer): Promise<number> {
  try {
    let started = process.cpuUsage();
    for await (const { step } of trainer.run()) if (step === WARM_UP) started = process.cpuUsage();
    return cpuMs(started) / TIMED;
  } finally {
    await trainer.dispose();
  }
}
