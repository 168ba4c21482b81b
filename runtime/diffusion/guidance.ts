import * as tf from '@tensorflow/tfjs-core';
import { MAX_GUIDANCE_SCALE } from '../core/samplingBounds.ts';
import { runToEnd } from '../core/slices.ts';
import { INTERVAL_EXPECTED, isInterval } from '../core/timestepInterval.ts';
import type { PredictionType } from './schedulerConfig.ts';

/** A class-conditional network: its output for a batch, owned by the caller. */
export type DenoisingModel<T extends tf.Tensor = tf.Tensor> = (
  xt: T,
  t: ArrayLike<number>,
  classLabels: ArrayLike<number>,
) => T;

/** The same in slices: each `next()` computes a part. */
export type SlicedDenoisingModel<T extends tf.Tensor = tf.Tensor> = (
  ...args: Parameters<DenoisingModel<T>>
) => Generator<void, T>;

/** How a class guides; the defaults are those of `GUIDANCE_DEFAULTS`. */
export interface GuidanceOptions {
  /** w, 0 … 20: 0 ignores the class, 1 (the default) is off, above 1 exaggerates the class. */
  guidanceScale?: number;
  /** The training timesteps within which the class guides, both ends included; default all of them. */
  guidanceInterval?: readonly [tMin: number, tMax: number];
  /** φ, how far to restore the spread of the conditional prediction, 0 … 1; default 0, not at all. */
  guidanceRescale?: number;
}

export const GUIDANCE_DEFAULTS: Required<GuidanceOptions> = {
  guidanceScale: 1,
  guidanceInterval: [0, Number.POSITIVE_INFINITY],
  guidanceRescale: 0,
};

/** Keeps the ratio of two standard deviations finite where a prediction is constant. */
const MIN_VARIANCE = 1e-12;

/**
 * Classifier-free guidance: one network output for the batch, pushed away from what the network says without a class.
 *
 *   guided = outputUncond + w · (outputCond − outputUncond)
 *
 * Holds for eps, v and x0 alike, which are linear in each other at a given xt. Outside of guidanceInterval w is 1.
 * Both outputs come from one pass over a batch of 2B; w = 0 and w = 1 need only one of them, a pass over B.
 *
 * guidanceRescale (φ), which counters the excess contrast of a large w, with the std of each image over all its values:
 *
 *   result = φ · guided · std(outputCond) / std(guided) + (1 − φ) · guided
 *
 * Sources: Ho & Salimans 2022, arXiv:2207.12598, eq. (6); the interval, Kynkäänniemi et al. 2024, arXiv:2404.07724;
 * the rescaling, Lin et al. 2023, arXiv:2305.08891, eq. (14) to (16).
 * @param xt          float32 (B, H, W, C), already through the sampler's `scaleInput`
 * @param t           the timestep that all images are at
 * @param classLabels (B)
 * @param nullLabel   the label that means "no class"
 * @returns           shape of xt; the caller disposes it
 * @throws            RangeError when an option is NaN or out of range, or labels and images differ in number
 */
export function guidedPrediction<T extends tf.Tensor>(
  model: DenoisingModel<T>,
  xt: T,
  t: number,
  classLabels: ArrayLike<number>,
  nullLabel: number,
  options: GuidanceOptions = {},
): T {
  // biome-ignore lint/correctness/useYield: this model does not pause
  const inOneSlice: SlicedDenoisingModel<T> = function* (...args) {
    return model(...args);
  };
  return tf.tidy(() => runToEnd(guidedPredictionInSlices(inOneSlice, xt, t, classLabels, nullLabel, options)));
}

/**
 * `guidedPrediction` for a model that computes in slices. `return()` gives it up; call `next()` outside of tf.tidy.
 *
 * @param model   computes in slices, and leaves nothing allocated when it is given up
 * @param observe called within tf.tidy with the result and the output without a class, where both were computed: not at
 *                w = 0, w = 1 or outside of guidanceInterval
 * @returns       through the generator, what `guidedPrediction` returns; the caller disposes it, and keeps xt until then
 * @throws        as `guidedPrediction`, at the first slice
 */
export function* guidedPredictionInSlices<T extends tf.Tensor>(
  model: SlicedDenoisingModel<T>,
  xt: T,
  t: number,
  classLabels: ArrayLike<number>,
  nullLabel: number,
  options: GuidanceOptions = {},
  observe?: (guided: T, uncond: T) => void,
): Generator<void, T> {
  assertGuidance('guidedPrediction', options);
  const { guidanceScale, guidanceInterval, guidanceRescale } = withDefaults(options);
  assertNumLabels(xt, classLabels);
  const labels = Array.from(classLabels);
  const nullLabels = labels.map(() => nullLabel);
  const times = labels.map(() => t);
  const isGuided = t >= guidanceInterval[0] && t <= guidanceInterval[1];
  const scale = isGuided && labels.some((label) => label !== nullLabel) ? guidanceScale : 1;
  if (scale === 1) return yield* model(xt, times, labels);
  if (scale === 0) return yield* model(xt, times, nullLabels);
  const owned = [tf.concat([xt, xt], 0)];
  try {
    const both = yield* model(owned[0]!, [...times, ...times], [...labels, ...nullLabels]);
    owned.push(both);
    return tf.tidy(() => {
      const [cond, uncond] = [half(both, 0), half(both, 1)];
      const guided = combined(cond, uncond, scale, guidanceRescale);
      observe?.(guided, uncond);
      return guided;
    });
  } finally {
    tf.dispose(owned);
  }
}

/** The guided output from those with and without the class. */
function combined<T extends tf.Tensor>(cond: T, uncond: T, scale: number, guidanceRescale: number): T {
  const guided = tf.add<T>(uncond, tf.mul(tf.sub(cond, uncond), scale));
  return guidanceRescale === 0 ? guided : rescaled(guided, cond, guidanceRescale);
}

/**
 * Checks guidance options before a long run.
 *
 * @throws RangeError when one is NaN or out of range
 */
export function assertGuidance(operation: string, options: GuidanceOptions): void {
  const { guidanceScale, guidanceInterval, guidanceRescale } = withDefaults(options);
  if (!(guidanceScale >= 0 && guidanceScale <= MAX_GUIDANCE_SCALE)) {
    throw new RangeError(
      `${operation}: guidanceScale is ${guidanceScale}; expected 0 to ${MAX_GUIDANCE_SCALE}; 1 is off, 2 to 4 are usual`,
    );
  }
  if (!isInterval(guidanceInterval)) {
    throw new RangeError(`${operation}: guidanceInterval is [${guidanceInterval.join(', ')}]; ${INTERVAL_EXPECTED}`);
  }
  if (!(guidanceRescale >= 0 && guidanceRescale <= 1)) {
    throw new RangeError(`${operation}: guidanceRescale is ${guidanceRescale}; expected 0 (off) to 1; 0.7 is usual`);
  }
}

function withDefaults(options: GuidanceOptions): Required<GuidanceOptions> {
  return {
    guidanceScale: options.guidanceScale ?? GUIDANCE_DEFAULTS.guidanceScale,
    guidanceInterval: options.guidanceInterval ?? GUIDANCE_DEFAULTS.guidanceInterval,
    guidanceRescale: options.guidanceRescale ?? GUIDANCE_DEFAULTS.guidanceRescale,
  };
}

function assertNumLabels(xt: tf.Tensor, classLabels: ArrayLike<number>): void {
  if (classLabels.length === xt.shape[0]) return;
  throw new RangeError(
    `guidedPrediction: ${classLabels.length} class labels; expected one for each of the ${xt.shape[0]} images`,
  );
}

/** The first (0) or second (1) half of a batch. */
function half<T extends tf.Tensor>(both: T, which: 0 | 1): T {
  const size = both.shape.slice();
  size[0] = size[0]! / 2;
  const begin = size.map((_, axis) => (axis === 0 ? which * size[0]! : 0));
  return tf.slice<tf.Rank, T>(both, begin, size);
}

function rescaled<T extends tf.Tensor>(guided: T, cond: T, amount: number): T {
  const ratio = tf.div(stdPerImage(cond), stdPerImage(guided));
  const factor = tf.add(tf.mul(ratio, amount), 1 - amount);
  return tf.mul<T>(guided, factor);
}

/** (B, 1, …, 1). */
function stdPerImage(x: tf.Tensor): tf.Tensor {
  const axes = x.shape.map((_, axis) => axis).slice(1);
  const centred = tf.sub(x, tf.mean(x, axes, true));
  return tf.sqrt(tf.add(tf.mean(tf.square(centred), axes, true), MIN_VARIANCE));
}

/**
 * How far guidance moves the predicted noise of each image: the root mean square, over the image's values, of
 *
 *   epsGuided − epsUncond = c · (guided − uncond)
 *
 *   epsilon        c = 1
 *   v_prediction   c = sqrt(alphaBar)
 *   sample         c = sqrt(alphaBar / (1 − alphaBar))
 *
 * In units of the noise, whose root mean square is about 1, so that predictions, samplers and sizes compare.
 *
 * Source: the difference, Ho & Salimans 2022, arXiv:2207.12598, eq. (6); c, from the conversions of `toEps`, in which xt
 * cancels.
 * @param guided, uncond the network's output with guidance and without a class, (B, …)
 * @param alphaBar       the signal's share of the variance at this timestep, 0 … 1
 * @returns              (B); the caller disposes it
 * @throws               RangeError for sample where alphaBar is 1: there is no noise to find
 */
export function guidanceNorm(
  predictionType: PredictionType,
  guided: tf.Tensor,
  uncond: tf.Tensor,
  alphaBar: number,
): tf.Tensor1D {
  const factor = epsPerOutput(predictionType, alphaBar);
  return tf.tidy(() => {
    const axes = guided.shape.map((_, axis) => axis).slice(1);
    const rms = tf.sqrt(tf.mean(tf.square(tf.sub(guided, uncond)), axes));
    return tf.mul<tf.Tensor1D>(rms, factor);
  });
}

/** How much the noise changes, without its sign, when the output that stands for it changes by 1. */
function epsPerOutput(predictionType: PredictionType, alphaBar: number): number {
  switch (predictionType) {
    case 'epsilon':
      return 1;
    case 'v_prediction':
      return Math.sqrt(alphaBar);
    case 'sample':
      if (alphaBar < 1) return Math.sqrt(alphaBar / (1 - alphaBar));
      throw new RangeError(`guidanceNorm: alphaBar is ${alphaBar}; expected below 1 for sample prediction`);
  }
}
