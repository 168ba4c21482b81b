import { alphaBar, type Schedule } from './schedule.ts';
import type { SamplerName } from './schedulerConfig.ts';

/** @throws Error when an eps-predicting network would have to start at alphaBar = 0, where eps says nothing about x0. */
export function refuseEpsilonAtZeroSnr(name: SamplerName, schedule: Schedule, timesteps: readonly number[]): void {
  if (schedule.predictionType !== 'epsilon' || alphaBar(schedule, timesteps[0]!) > 0) return;
  throw new Error(
    `${name}: prediction_type "epsilon" cannot start at t = ${timesteps[0]}, where rescale_betas_zero_snr leaves no ` +
      'signal; expected "v_prediction" or "sample"; train with one of these, or use "leading" timestep_spacing',
  );
}
