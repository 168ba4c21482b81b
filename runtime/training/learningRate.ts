export interface LearningRateOptions {
  /** The highest rate, after the warm-up. */
  learningRate: number;
  /** Steps of linear warm-up from 0. */
  numWarmupSteps: number;
  /** Share of the training after which the rate falls, 0 … 1. */
  decayFrom: number;
  /** The rate at the end, as a share of the highest. */
  finalShare: number;
}

/**
 * Linear warm-up, then constant, then half a cosine down to `finalShare`.
 *
 * Source: Loshchilov & Hutter 2017, arXiv:1608.03983, eq. (5).
 * @param step     from 0
 * @param progress share of the training that is over, 0 … 1
 */
export function learningRateAt(options: LearningRateOptions, step: number, progress: number): number {
  const { learningRate, numWarmupSteps, decayFrom, finalShare } = options;
  const warmUp = Math.min(1, (step + 1) / Math.max(1, numWarmupSteps));
  const fallen = Math.min(1, Math.max(0, (progress - decayFrom) / Math.max(1e-9, 1 - decayFrom)));
  const cosine = 0.5 * (1 + Math.cos(Math.PI * fallen));
  return learningRate * warmUp * (finalShare + (1 - finalShare) * cosine);
}
