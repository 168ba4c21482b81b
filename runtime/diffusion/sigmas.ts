import { alphaBar, type Schedule } from './schedule.ts';

/** In place of alphaBar = 0, whose sigma is infinite: the smallest float16, as in diffusers. */
const MIN_ALPHA_BAR = 2 ** -24;

/** sigma = sqrt((1 − alphaBar) / alphaBar): the noise of xt when the signal is scaled to 1. */
export function sigmaOf(alphaBar: number): number {
  const value = Math.max(alphaBar, alphaBar === 0 ? MIN_ALPHA_BAR : 0);
  return Math.sqrt((1 - value) / value);
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
  return Number.isInteger(t) ? alphaBar(schedule, t) : 1 / (1 + interpolatedSigma(schedule, t) ** 2);
}

function interpolatedSigma(schedule: Schedule, t: number): number {
  const below = Math.floor(t);
  const low = sigmaOf(alphaBar(schedule, below));
  if (t === below) return low;
  return low + (t - below) * (sigmaOf(alphaBar(schedule, below + 1)) - low);
}
