import type { SamplerName } from '../core/samplingBounds.ts';
import { type SchedulerConfig, samplerNameOf } from './schedulerConfig.ts';

/**
 * The training timesteps at which the network is evaluated, in descending order; whole numbers, except for Euler with linspace.
 *
 *   leading    multiples of floor(T/n), from 0 on, plus stepsOffset
 *   linspace   both ends, evenly spaced
 *   trailing   T − 1 down in steps of T/n
 *
 * DPM-Solver++ takes n + 1 points with leading and linspace and leaves out the last: its last step ends at sigma 0.
 * Source: Lin et al. 2023, arXiv:2305.08891, table 2; rounding half to even as numpy, so that diffusers agrees.
 * @param sampler the sampler to be used; that of the config's class when absent
 * @throws        RangeError when numInferenceSteps is no whole number from 1 to T, or two timesteps would coincide
 */
export function timesteps(
  config: SchedulerConfig,
  numInferenceSteps: number,
  sampler: SamplerName = samplerNameOf(config),
): number[] {
  assertNumInferenceSteps(numInferenceSteps, config.numTrainTimesteps);
  const numPoints = sampler === 'dpm++' ? numInferenceSteps + 1 : numInferenceSteps;
  const round = sampler === 'euler' ? Math.fround : roundHalfToEven;
  const result = spaced(config, numInferenceSteps, numPoints, round);
  assertDescending(result, config);
  return result;
}

function spaced(
  config: SchedulerConfig,
  numInferenceSteps: number,
  numPoints: number,
  round: (t: number) => number,
): number[] {
  const { numTrainTimesteps, stepsOffset } = config;
  switch (config.timestepSpacing) {
    case 'leading': {
      const stride = Math.floor(numTrainTimesteps / numPoints);
      return descending(numPoints, (i) => i * stride + stepsOffset).slice(0, numInferenceSteps);
    }
    case 'linspace': {
      const stride = (numTrainTimesteps - 1) / Math.max(numPoints - 1, 1);
      const last = numPoints - 1;
      const at = (i: number) => (i > 0 && i === last ? numTrainTimesteps - 1 : round(i * stride));
      return descending(numPoints, at).slice(0, numInferenceSteps);
    }
    case 'trailing': {
      // numpy's arange takes this rounded difference for its step, which decides how values near one half are rounded.
      const stride = numTrainTimesteps - numTrainTimesteps / numInferenceSteps - numTrainTimesteps;
      return Array.from({ length: numInferenceSteps }, (_, i) => roundHalfToEven(numTrainTimesteps + i * stride) - 1);
    }
  }
}

function descending(count: number, at: (i: number) => number): number[] {
  return Array.from({ length: count }, (_, i) => at(count - 1 - i));
}

function roundHalfToEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}

function assertNumInferenceSteps(numInferenceSteps: number, numTrainTimesteps: number): void {
  if (Number.isInteger(numInferenceSteps) && numInferenceSteps >= 1 && numInferenceSteps <= numTrainTimesteps) return;
  throw new RangeError(
    `timesteps: numInferenceSteps is ${numInferenceSteps}; expected a whole number from 1 to ${numTrainTimesteps} ` +
      '(num_train_timesteps)',
  );
}

function assertDescending(values: readonly number[], config: SchedulerConfig): void {
  const inRange = values[0]! < config.numTrainTimesteps;
  if (inRange && values.every((t, i) => i === 0 || t < values[i - 1]!)) return;
  throw new RangeError(
    `timesteps: ${values.length} steps with "${config.timestepSpacing}" spacing and steps_offset ${config.stepsOffset} ` +
      `give coinciding timesteps or one above ${config.numTrainTimesteps - 1}; take fewer steps, or "trailing" spacing`,
  );
}
