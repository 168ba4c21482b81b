import { expect } from 'vitest';

interface Tolerance {
  /** The allowed difference. */
  absolute?: number;
  /** The allowed difference as a fraction of the largest expected magnitude. */
  relative?: number;
}

const TOLERANCE_DEFAULTS: Required<Tolerance> = { absolute: 1e-6, relative: 1e-5 };

/** Largest |actual − expected| with its place; a NaN on one side alone counts as infinite. */
function worstDifference(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
): { index: number; difference: number } {
  let worst = { index: 0, difference: 0 };
  for (let index = 0; index < expected.length; index++) {
    const [a, e] = [actual[index]!, expected[index]!];
    if (Object.is(a, e)) continue;
    const difference = Math.abs(a - e);
    const size = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
    if (size > worst.difference) worst = { index, difference: size };
  }
  return worst;
}

/** Largest finite magnitude. */
function largestMagnitude(values: ArrayLike<number>): number {
  return Array.from(values, Math.abs)
    .filter(Number.isFinite)
    .reduce((top, value) => Math.max(top, value), 0);
}

/** Largest |a − b| of as many values; NaN, which meets no bound, where one of them is NaN. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(b.length).toBe(a.length);
  return Array.from(a).reduce((top, value, i) => Math.max(top, Math.abs(value - b[i]!)), 0);
}

/** Expects |actual − expected| ≤ absolute + relative · max |expected| for every element. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance = {},
  what = 'values',
): void {
  const { absolute, relative } = { ...TOLERANCE_DEFAULTS, ...tolerance };
  expect(actual.length, `${what}: number of elements`).toBe(expected.length);
  const top = largestMagnitude(expected);
  const allowed = absolute + relative * top;
  const { index, difference } = worstDifference(actual, expected);
  const place = `${what}: element ${index} of ${expected.length} is ${actual[index]}, expected ${expected[index]}`;
  const message = `${place}; off by ${difference.toPrecision(3)}, allowed ${allowed.toPrecision(3)} (largest ${top})`;
  expect(difference <= allowed, message).toBe(true);
}

/** Expects that draws around zero have nothing to do with other values: they correlate by four standard errors at most. */
export function expectUncorrelated(a: ArrayLike<number>, b: ArrayLike<number>): void {
  const dot = (x: ArrayLike<number>, y: ArrayLike<number>) =>
    Array.from(x).reduce((sum, value, i) => sum + value * y[i]!, 0);
  expect(b.length).toBe(a.length);
  expect(Math.abs(dot(a, b)) / Math.sqrt(dot(a, a) * dot(b, b))).toBeLessThan(4 / Math.sqrt(a.length));
}
