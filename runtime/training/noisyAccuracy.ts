import { tensor4d, tidy } from '@tensorflow/tfjs-core';
import { normals } from '../core/random.ts';
import { qSample } from '../diffusion/forward.ts';
import { alphaBar, createSchedule } from '../diffusion/schedule.ts';
import type { Weights } from '../networks/layers.ts';
import { classifyNoisy, type NoisyClassifierConfig } from '../networks/noisyClassifier.ts';
import type { LatentDataset } from './latentDataset.ts';
import { drawLatents } from './latentDraw.ts';
import type { LatentOrigin } from './trainNoisyClassifier.ts';

/** How well a noise-aware classifier does at one timestep. */
export interface NoisyAccuracy {
  t: number;
  /** The signal's share of the variance. */
  alphaBar: number;
  /** Mean of the shares recognised of each label: 1 / numLabels is chance, however many images a label has. */
  accuracy: number;
  /** Mean of −log p(right label), nats, each label weighted alike; log numLabels is chance. */
  logLoss: number;
}

/** Each tenth of a schedule of 1000 timesteps, and both ends. */
export const NOISY_TIMESTEPS: readonly number[] = [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 999];

const BATCH = 64;

/**
 * Accuracy by noise level on images that did not train, each noised once, by a noise that depends on the seed and its place
 * alone.
 *
 * @param heldOut their latents
 * @param seed    uint32
 */
export async function noisyAccuracy(
  config: NoisyClassifierConfig,
  weights: Weights,
  heldOut: LatentDataset,
  { vaeConfig, scheduler }: LatentOrigin,
  timesteps: readonly number[] = NOISY_TIMESTEPS,
  seed = 0,
): Promise<NoisyAccuracy[]> {
  const schedule = createSchedule(scheduler);
  const { classLabels } = heldOut;
  const x0 = drawLatents(heldOut, Int32Array.from(classLabels.keys()), vaeConfig, null);
  const eps = normals(seed, 0, x0.length);
  const size = x0.length / classLabels.length;
  const results: NoisyAccuracy[] = [];
  for (const t of timesteps) {
    const scores = new ScoreSum(config.num_labels);
    for (let at = 0; at < classLabels.length; at += BATCH) {
      const labels = classLabels.subarray(at, at + BATCH);
      const part = (values: Float32Array) =>
        tensor4d(values.subarray(at * size, (at + labels.length) * size), [labels.length, ...heldOut.shape]);
      const times = new Int32Array(labels.length).fill(t);
      const logits = tidy(() => classifyNoisy(config, weights, qSample(schedule, part(x0), times, part(eps)), times));
      scores.add((await logits.data()) as Float32Array, labels);
      logits.dispose();
    }
    results.push({ t, alphaBar: alphaBar(schedule, t), ...scores.means() });
  }
  return results;
}

/** Hits and −log p of each label. */
class ScoreSum {
  private readonly counts: Float64Array;
  private readonly hits: Float64Array;
  private readonly losses: Float64Array;

  constructor(private readonly numLabels: number) {
    this.counts = new Float64Array(numLabels);
    this.hits = new Float64Array(numLabels);
    this.losses = new Float64Array(numLabels);
  }

  add(logits: Float32Array, classLabels: Int32Array): void {
    classLabels.forEach((label, i) => {
      const row = logits.subarray(i * this.numLabels, (i + 1) * this.numLabels);
      const top = Math.max(...row);
      const logSum = top + Math.log(row.reduce((sum, value) => sum + Math.exp(value - top), 0));
      this.counts[label]! += 1;
      this.hits[label]! += row[label] === top ? 1 : 0;
      this.losses[label]! += logSum - row[label]!;
    });
  }

  /** Over the labels that have images. */
  means(): Pick<NoisyAccuracy, 'accuracy' | 'logLoss'> {
    const seen = Array.from(this.counts.keys()).filter((label) => this.counts[label]! > 0);
    const mean = (sums: Float64Array) =>
      seen.reduce((total, label) => total + sums[label]! / this.counts[label]!, 0) / seen.length;
    return { accuracy: mean(this.hits), logLoss: mean(this.losses) };
  }
}
