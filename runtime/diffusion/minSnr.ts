import { type Schedule, trainedAlphaBar } from './schedule.ts';
import type { PredictionType } from './schedulerConfig.ts';

/**
 * Weights of the squared error of each image in the training loss: the signal-to-noise ratio, clamped at gamma.
 *
 *   epsilon        min(snr, gamma) / snr
 *   v_prediction   min(snr, gamma) / (snr + 1)
 *   sample         min(snr, gamma)                          snr = alphaBar / (1 − alphaBar)
 *
 * Source: Hang et al. 2023, arXiv:2303.09556, section 3.4 (gamma = 5 there).
 * @param t     (B) whole numbers, 0 … numTrainTimesteps − 1
 * @param gamma above 0; Infinity clamps nothing: each loss then counts as an unweighted loss on eps
 * @returns     (B)
 * @throws      RangeError when gamma is not above 0 or a t is outside
 */
export function minSnrWeights(
  schedule: Schedule,
  t: ArrayLike<number>,
  gamma: number,
  predictionType: PredictionType = schedule.predictionType,
): Float64Array {
  if (!(gamma > 0)) throw new RangeError(`minSnrWeights: gamma is ${gamma}; expected a number above 0, such as 5`);
  return Float64Array.from(t, (step) => {
    const value = trainedAlphaBar(schedule, step);
    const snr = value / (1 - value);
    switch (predictionType) {
      case 'epsilon':
        return snr <= gamma ? 1 : gamma / snr;
      case 'v_prediction':
        return Math.min(snr, gamma) / (snr + 1);
      case 'sample':
        return Math.min(snr, gamma);
    }
  });
}
