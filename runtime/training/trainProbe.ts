import { tensor4d, tidy } from '@tensorflow/tfjs-core';
import type { Vocabulary } from '../core/attributes.ts';
import { type LinearProbe, MAX_PROBE_WORDS, numProbeWords, PROBE_RATE, probeGroups } from '../core/linearProbe.ts';
import { normals, uniforms } from '../core/random.ts';
import { PROBE_STREAMS, streamAt } from '../core/streams.ts';
import { batchIndices } from '../dataset/batches.ts';
import type { AutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import { CONDITION_GRID, CONDITION_HEAD, conditionLogits } from '../networks/conditionHead.ts';
import { latentScaler } from '../networks/latentScaling.ts';
import type { Weights } from '../networks/layers.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import { type Batch, labelFirst, withAttributeWeights } from './batch.ts';
import { drawLatents, type LatentDataset } from './latentDataset.ts';
import type { TaskSpec } from './task.ts';
import { createTrainer, TRAINER_DEFAULTS, type Trainer, type TrainerOptions } from './trainer.ts';

/** How a linear probe is trained; the defaults are those of `PROBE_DEFAULTS`. */
export interface ProbeOptions extends TrainerOptions {
  /** uint32, of the first weights and of all draws; default 0. */
  seed: number;
  /**
   * Each image's latents are disturbed by normal noise of 0 to so many of their deviations: those that a U-Net makes are wrong, too.
   * 0 or more; default 0.15.
   */
  latentNoise: number;
}

export const PROBE_DEFAULTS: ProbeOptions = {
  ...TRAINER_DEFAULTS,
  seed: 0,
  latentNoise: 0.15,
  batchSize: 256,
  microBatchSize: 256,
  learningRate: 3e-3,
  numWarmupSteps: 50,
  decayFrom: 0,
  weightDecay: 0.05,
  emaDecay: 0.99,
  numSteps: 1200,
};

/** What a model can be asked for, and the latents of its pictures. */
export interface ProbedModel {
  labels: readonly string[];
  vocabulary: Vocabulary;
  vaeConfig: AutoencoderKlConfig;
}

/** A probe tells the label and the attributes that are words. @throws RangeError for more of both than a probe may tell apart */
export function probeTaskSpec({ labels, vocabulary }: ProbedModel, { shape }: Pick<LatentDataset, 'shape'>): TaskSpec {
  const numWords = numProbeWords(labels.length, vocabulary);
  if (numWords > MAX_PROBE_WORDS) {
    throw new RangeError(
      `probe: the model has ${numWords} labels and words; expected at most ${MAX_PROBE_WORDS}, by a model of fewer`,
    );
  }
  const conditions = probeGroups(labels.length, vocabulary).map(({ size }) => size);
  return { kind: 'probe', conditions, channels: shape[2] };
}

/**
 * A training of a linear probe; run it with `for await (const step of trainer.run(signal))`.
 *
 * Source: Alain & Bengio 2016, arXiv:1610.01644.
 * @param latents of the training images, with their attributes in the order of the vocabulary
 * @throws        RangeError for more labels and words than a probe may tell apart
 */
export function probeTrainer(
  latents: LatentDataset,
  model: ProbedModel,
  options: ProbeOptions = PROBE_DEFAULTS,
): Trainer {
  return createTrainer(probeTaskSpec(model, latents), (step) => probeBatch(latents, model, options, step), options);
}

/** The batch of a step: x0, the latents of some images as the U-Net sees them, disturbed; and what those images show. */
export function probeBatch(latents: LatentDataset, model: ProbedModel, options: ProbeOptions, step: number): Batch {
  const { batchSize, seed, latentNoise } = options;
  const all = Int32Array.from(latents.classLabels.keys());
  const chosen = batchIndices(all, latents.classLabels, { batchSize, balanced: false, seed }, step);
  const x0 = drawLatents(latents, chosen, latentScaler(model.vaeConfig), null);
  const deviation = Math.sqrt(x0.reduce((sum, value) => sum + value * value, 0) / x0.length);
  const levels = uniforms(seed, streamAt(PROBE_STREAMS.level, step), batchSize);
  const noise = normals(seed, streamAt(PROBE_STREAMS.noise, step), x0.length);
  const size = x0.length / batchSize;
  return {
    x0: {
      shape: [batchSize, ...latents.shape],
      data: x0.map((value, i) => value + latentNoise * deviation * levels[Math.floor(i / size)]! * noise[i]!),
    },
    ...withAttributeWeights(conditionsAt(latents, model, chosen)),
  };
}

/** The label and the words of some images, (B, conditions). */
function conditionsAt(latents: LatentDataset, { labels, vocabulary }: ProbedModel, chosen: Int32Array) {
  const numAttributes = Object.keys(vocabulary).length;
  const told = probeGroups(labels.length, vocabulary).flatMap(({ attribute }) => attribute ?? []);
  const words = Array.from(chosen, (image) => told.map((place) => latents.attributes![image * numAttributes + place]!));
  return labelFirst(
    { shape: [chosen.length], data: chosen.map((image) => latents.classLabels[image]!) },
    { shape: [chosen.length, told.length], data: Float32Array.from(words.flat()) },
  );
}

/** The probe of trained weights in PyTorch's layout. */
export function probeOfWeights(weights: ReadonlyMap<string, WeightTensor>, rate = PROBE_RATE): LinearProbe {
  const dataOf = (name: string) => Float32Array.from(weights.get(`${CONDITION_HEAD}.${name}`)!.data);
  return { grid: CONDITION_GRID, weights: dataOf('weight'), bias: dataOf('bias'), rate };
}

const BATCH = 256;

/**
 * How often a probe reads what images show, by what it reads: `label`, and the attributes that are words. Those of which nothing is
 * known do not count.
 *
 * @param weights in our layout
 * @param heldOut latents of images that did not train, with their attributes
 * @returns       shares, 0 … 1; none for what is known of no image
 */
export async function probeAccuracy(
  weights: Weights,
  heldOut: LatentDataset,
  model: ProbedModel,
): Promise<Record<string, number>> {
  const groups = probeGroups(model.labels.length, model.vocabulary);
  const attributes = Object.keys(model.vocabulary);
  const names = groups.map(({ attribute }) => (attribute === null ? 'label' : attributes[attribute]!));
  const all = Int32Array.from(heldOut.classLabels.keys());
  const shown = conditionsAt(heldOut, model, all).data;
  const [hits, counts] = [names.map(() => 0), names.map(() => 0)];
  for (let at = 0; at < all.length; at += BATCH) {
    const some = all.subarray(at, at + BATCH);
    const x0 = drawLatents(heldOut, some, latentScaler(model.vaeConfig), null);
    const logits = tidy(() => conditionLogits(weights, tensor4d(x0, [some.length, ...heldOut.shape])));
    const values = (await logits.data()) as Float32Array;
    logits.dispose();
    const numWords = values.length / some.length;
    for (let i = 0; i < some.length; i++) {
      for (const [place, { start, size }] of groups.entries()) {
        const word = shown[(at + i) * groups.length + place]!;
        if (word < 0) continue;
        const own = values.subarray(i * numWords + start, i * numWords + start + size);
        counts[place]! += 1;
        hits[place]! += own[word] === Math.max(...own) ? 1 : 0;
      }
    }
  }
  const known = names.flatMap((name, place) =>
    counts[place]! > 0 ? [[name, hits[place]! / counts[place]!] as const] : [],
  );
  return Object.fromEntries(known);
}
