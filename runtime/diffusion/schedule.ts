import type { SamplerName } from '../core/samplingBounds.ts';
import type { PredictionType, SchedulerConfig } from './schedulerConfig.ts';

/** The noise schedule: how much noise xt holds at each training timestep. On the CPU, never a tensor. */
export interface Schedule {
  readonly betas: Float64Array; // (T), 0 … 1: the variance that each timestep adds
  readonly alphasCumprod: Float64Array; // (T), 0 … 1, descending: the signal's share of the variance, which is left
  readonly finalAlphaBar: number; // alphaBar before t = 0: 1 or alphasCumprod[0]
  readonly numTrainTimesteps: number; // T
  readonly predictionType: PredictionType;
}

const MAX_COSINE_BETA = 0.999;

/**
 * Computes betas and alphasCumprod, rounded to float32 where diffusers rounds, so that both agree with it to the last bit
 * or two.
 *
 * @throws Error for betas that cannot be scaled to end without signal
 *
 * Sources: linear, Ho et al. 2020, arXiv:2006.11239, section 4; scaled_linear, Rombach et al. 2022, arXiv:2112.10752,
 * code; squaredcos_cap_v2, Nichol & Dhariwal 2021, arXiv:2102.09672, eq. (17).
 */
export function createSchedule(config: SchedulerConfig): Schedule {
  const betas = config.rescaleBetasZeroSnr ? rescaleZeroTerminalSnr(rawBetas(config)) : rawBetas(config);
  const alphasCumprod = cumulativeAlphas(betas);
  if (!alphasCumprod.every(Number.isFinite)) {
    throw new Error(
      'createSchedule: with rescale_betas_zero_snr the betas leave nothing to scale, since all timesteps have as much noise; expected betas that grow',
    );
  }
  return {
    betas,
    alphasCumprod,
    finalAlphaBar: config.setAlphaToOne ? 1 : alphasCumprod[0]!,
    numTrainTimesteps: config.numTrainTimesteps,
    predictionType: config.predictionType,
  };
}

/**
 * The signal's share of the variance of xt; before t = 0 there is no noise and it is 1 (or alphasCumprod[0] when
 * `set_alpha_to_one` is false).
 *
 * @throws RangeError when t is no whole number below numTrainTimesteps
 */
export function alphaBar(schedule: Schedule, t: number): number {
  if (t < 0) return schedule.finalAlphaBar;
  const value = schedule.alphasCumprod[t];
  if (value !== undefined) return value;
  throw new RangeError(
    `alphaBar: t is ${t}; expected a whole number from 0 to ${schedule.numTrainTimesteps - 1} (numTrainTimesteps − 1); ` +
      'check steps_offset and the number of inference steps',
  );
}

/** `alphaBar` at a timestep of training, which is never negative. */
export function trainedAlphaBar(schedule: Schedule, t: number): number {
  return alphaBar(schedule, t < 0 ? Number.NaN : t);
}

function rawBetas(config: SchedulerConfig): Float64Array {
  const { betaStart, betaEnd, numTrainTimesteps } = config;
  if (config.trainedBetas !== null) return Float64Array.from(config.trainedBetas, Math.fround);
  switch (config.betaSchedule) {
    case 'linear':
      return linspaceFloat32(betaStart, betaEnd, numTrainTimesteps);
    case 'scaled_linear':
      return linspaceFloat32(Math.sqrt(betaStart), Math.sqrt(betaEnd), numTrainTimesteps).map((x) =>
        Math.fround(x * x),
      );
    case 'squaredcos_cap_v2':
      return cosineBetas(numTrainTimesteps);
  }
}

/** Evenly spaced float32 values, counted from the nearer end as torch.linspace does. */
function linspaceFloat32(start: number, end: number, count: number): Float64Array {
  const first = Math.fround(start);
  const last = Math.fround(end);
  const step = Math.fround(Math.fround(last - first) / (count - 1));
  const at = (i: number) => (i < count / 2 ? first + step * i : last - step * (count - 1 - i));
  return Float64Array.from({ length: count }, (_, i) => Math.fround(at(i)));
}

function cosineBetas(count: number): Float64Array {
  const signal = (u: number) => Math.cos((((u + 0.008) / 1.008) * Math.PI) / 2) ** 2;
  const beta = (i: number) => Math.min(1 - signal((i + 1) / count) / signal(i / count), MAX_COSINE_BETA);
  return Float64Array.from({ length: count }, (_, i) => Math.fround(beta(i)));
}

/** alphasCumprod: products of (1 − beta), accumulated in float64 and stored as float32, as torch.cumprod does. */
function cumulativeAlphas(betas: Float64Array): Float64Array {
  let product = 1;
  return betas.map((beta) => {
    product *= Math.fround(1 - beta);
    return Math.fround(product);
  });
}

/**
 * Shifts and scales sqrt(alphaBar) so that it ends at exactly 0 and keeps its first value.
 *
 * Source: Lin et al. 2023, arXiv:2305.08891, algorithm 1.
 */
function rescaleZeroTerminalSnr(betas: Float64Array): Float64Array {
  const roots = cumulativeAlphas(betas).map((value) => Math.fround(Math.sqrt(value)));
  const first = roots[0]!;
  const last = roots[roots.length - 1]!;
  const scale = Math.fround(first / Math.fround(first - last));
  const alphaBars = roots.map((root) => Math.fround(Math.fround(Math.fround(root - last) * scale) ** 2));
  return alphaBars.map((value, t) => Math.fround(1 - Math.fround(t === 0 ? value : value / alphaBars[t - 1]!)));
}

/** @throws Error when an eps-predicting network would have to start at alphaBar = 0, where eps says nothing about x0. */
export function refuseEpsilonAtZeroSnr(name: SamplerName, schedule: Schedule, timesteps: readonly number[]): void {
  if (schedule.predictionType !== 'epsilon' || alphaBar(schedule, timesteps[0]!) > 0) return;
  throw new Error(
    `${name}: prediction_type "epsilon" cannot start at t = ${timesteps[0]}, where rescale_betas_zero_snr leaves no ` +
      'signal; expected "v_prediction" or "sample"; train with one of these, or use "leading" timestep_spacing',
  );
}

/** In place of alphaBar = 0, whose sigma is infinite: the smallest float16, as in diffusers. */
const MIN_ALPHA_BAR = 2 ** -24;

/** sigma = sqrt((1 − alphaBar) / alphaBar): the noise of xt when the signal is scaled to 1. */
export function sigmaOf(alphaBar: number): number {
  const value = Math.max(alphaBar, alphaBar === 0 ? MIN_ALPHA_BAR : 0);
  return Math.sqrt((1 - value) / value);
}

/** The inverse of `sigmaOf`: alphaBar = 1 / (sigma² + 1). */
export function alphaBarOf(sigma: number): number {
  return 1 / (sigma ** 2 + 1);
}

/**
 * The sigmas at the given timesteps, which may lie between two of training (then linearly interpolated), and the one
 * after the last step.
 *
 * @returns (n + 1)
 */
export function sigmasAt(
  schedule: Schedule,
  timesteps: readonly number[],
  finalSigmasType: 'zero' | 'sigma_min',
): number[] {
  const last = finalSigmasType === 'zero' ? 0 : sigmaOf(alphaBar(schedule, 0));
  return [...timesteps.map((t) => interpolatedSigma(schedule, t)), last];
}

/** `alphaBar` at a timestep that may lie between two of training, where sigma is interpolated. */
export function alphaBarAt(schedule: Schedule, t: number): number {
  return Number.isInteger(t) ? alphaBar(schedule, t) : alphaBarOf(interpolatedSigma(schedule, t));
}

function interpolatedSigma(schedule: Schedule, t: number): number {
  const below = Math.floor(t);
  const low = sigmaOf(alphaBar(schedule, below));
  if (t === below) return low;
  return low + (t - below) * (sigmaOf(alphaBar(schedule, below + 1)) - low);
}
