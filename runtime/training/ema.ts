import { add, dispose, mul, type Tensor, tidy } from '@tensorflow/tfjs-core';

/**
 * Exponential moving average of these weights, in place of the old ones: ema ← d · ema + (1 − d) · weights, where the decay
 * d = min(emaDecay, (1 + step) / (10 + step)) lets early steps through.
 *
 * Source: Polyak & Juditsky 1992; the ramp as in TensorFlow's ExponentialMovingAverage.
 * @param ema     changed: old tensors are disposed, new ones stored; those of no name in `weights` stay
 * @param step    from 1
 */
export function updateEma(
  ema: Record<string, Tensor>,
  weights: Record<string, Tensor>,
  emaDecay: number,
  step: number,
): void {
  const decay = Math.min(emaDecay, (1 + step) / (10 + step));
  for (const [name, weight] of Object.entries(weights)) {
    const average = ema[name]!;
    ema[name] = tidy(() => add(mul(average, decay), mul(weight, 1 - decay)));
    dispose(average);
  }
}
