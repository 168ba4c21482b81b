import { tensor4d, tidy } from '@tensorflow/tfjs-core';
import type { Vocabulary } from '../core/attributes.ts';
import {
  type LinearProbe,
  MAX_PROBE_LOGIT,
  MAX_PROBE_WORDS,
  numProbeWords,
  PROBE_GRID,
  probeGroups,
} from '../core/linearProbe.ts';
import { normals, uniforms } from '../core/random.ts';
import { PROBE_STREAMS, streamAt } from '../core/streams.ts';
import { batchIndices } from '../dataset/batches.ts';
import type { AutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import { CONDITION_HEAD, conditionLogits } from '../networks/conditionHead.ts';
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
  /** It sees the means of so many cells a side, 1 … 16; default 8. */
  grid: number;
}

export const PROBE_DEFAULTS: ProbeOptions = {
  ...TRAINER_DEFAULTS,
  seed: 0,
  latentNoise: 0.15,
  grid: PROBE_GRID,
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
function probeTaskSpec(
  { labels, vocabulary }: ProbedModel,
  { shape }: Pick<LatentDataset, 'shape'>,
  { grid }: Pick<ProbeOptions, 'grid'>,
): TaskSpec {
  const numWords = numProbeWords(labels.length, vocabulary);
  if (numWords > MAX_PROBE_WORDS) {
    throw new RangeError(
      `probe: the model has ${numWords} labels and words; expected at most ${MAX_PROBE_WORDS}, by a model of fewer`,
    );
  }
  const conditions = probeGroups(labels.length, vocabulary).map(({ size }) => size);
  return { kind: 'probe', conditions, channels: shape[2], grid };
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
  return createTrainer(
    probeTaskSpec(model, latents, options),
    (step) => probeBatch(latents, model, options, step),
    options,
  );
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
export function probeOfWeights(
  weights: ReadonlyMap<string, WeightTensor>,
  rest: Pick<LinearProbe, 'grid' | 'rate' | 'margins'>,
): LinearProbe {
  const dataOf = (name: string) => Float32Array.from(weights.get(`${CONDITION_HEAD}.${name}`)!.data);
  return { ...rest, weights: dataOf('weight'), bias: dataOf('bias') };
}

/** How well a probe reads one of `probeGroups` from the latents of images. */
export interface ProbeReading {
  /** `label`, or that of an attribute. */
  name: string;
  /** Of how many images it is known what they show; none of the others counts. */
  numKnown: number;
  /** The share of these of which it is read rightly, 0 … 1; 0 where nothing is known. */
  accuracy: number;
  /** The median of their log-odds of what they show, 0 … 80: see `LinearProbe.margins`. */
  margin: number;
}

const BATCH = 256;

/**
 * Reads by a probe what images show, and how sure it is of that.
 *
 * @param weights in our layout
 * @param latents of images, with their attributes
 */
export async function probeReadings(
  weights: Weights,
  latents: LatentDataset,
  model: ProbedModel,
  { grid }: Pick<ProbeOptions, 'grid'>,
): Promise<ProbeReading[]> {
  const groups = probeGroups(model.labels.length, model.vocabulary);
  const all = Int32Array.from(latents.classLabels.keys());
  const shown = conditionsAt(latents, model, all).data;
  const logOdds = groups.map((): number[] => []);
  const hits = groups.map(() => 0);
  for (let at = 0; at < all.length; at += BATCH) {
    const some = all.subarray(at, at + BATCH);
    const x0 = drawLatents(latents, some, latentScaler(model.vaeConfig), null);
    const logits = tidy(() => conditionLogits(weights, tensor4d(x0, [some.length, ...latents.shape]), grid));
    const values = (await logits.data()) as Float32Array;
    logits.dispose();
    const numWords = values.length / some.length;
    for (let i = 0; i < some.length; i++) {
      for (const [place, { start, size }] of groups.entries()) {
        const word = shown[(at + i) * groups.length + place]!;
        const own = values.subarray(i * numWords + start, i * numWords + start + size);
        if (word < 0) continue;
        logOdds[place]!.push(logOddsOf(own, word));
        hits[place]! += own[word] === Math.max(...own) ? 1 : 0;
      }
    }
  }
  return groups.map(({ name }, place) => {
    const known = logOdds[place]!.sort((a, b) => a - b);
    return {
      name,
      numKnown: known.length,
      accuracy: hits[place]! / Math.max(1, known.length),
      margin: Math.min(Math.max(known[Math.floor(known.length / 2)] ?? 0, 0), MAX_PROBE_LOGIT),
    };
  });
}

/** How much likelier one word is than all others together, by their logits, as a logarithm; 0 where there is no other. */
function logOddsOf(logits: Float32Array, word: number): number {
  if (logits.length === 1) return 0;
  const others = logits.filter((_, i) => i !== word);
  const largest = Math.max(...others);
  return logits[word]! - largest - Math.log(others.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
}
