import type { Tensor } from '@tensorflow/tfjs-core';
import type { WeightTensor } from '../weights/weightTensor.ts';

/** Largest deviation from recorded tensors: absolute, and over the largest magnitude in the tensor it occurs in. */
export interface Deviation {
  maxAbs: number;
  maxRel: number;
}

export const NO_DEVIATION: Deviation = { maxAbs: 0, maxRel: 0 };

/**
 * How far a result is from a recorded tensor of the same layout; a NaN counts as infinitely far.
 *
 * @throws RangeError when their sizes differ
 */
export async function deviationFrom(actual: Tensor, expected: WeightTensor): Promise<Deviation> {
  if (actual.shape.join() !== expected.shape.join()) {
    throw new RangeError(`deviationFrom: the result is [${actual.shape}], the recorded tensor [${expected.shape}]`);
  }
  const values = await actual.data();
  let maxAbs = 0;
  let magnitude = 0;
  for (let i = 0; i < values.length; i++) {
    const difference = Math.abs(values[i]! - expected.data[i]!);
    maxAbs = Math.max(maxAbs, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
    magnitude = Math.max(magnitude, Math.abs(expected.data[i]!));
  }
  return { maxAbs, maxRel: maxAbs === 0 ? 0 : maxAbs / magnitude };
}

export function largerDeviation(a: Deviation, b: Deviation): Deviation {
  return { maxAbs: Math.max(a.maxAbs, b.maxAbs), maxRel: Math.max(a.maxRel, b.maxRel) };
}
