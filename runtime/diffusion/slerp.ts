/** Below this sine of the angle the formula would divide by almost 0; the straight line is the same to float32. */
const MIN_SINE = 1e-7;

/**
 * Spherical linear interpolation between two vectors: along the arc between their directions at constant angular speed.
 *
 *   sin((1 − amount) · ω) / sin ω · from + sin(amount · ω) / sin ω · to,   ω the angle between them
 *
 * In many dimensions two draws of a Gaussian are nearly orthogonal and of nearly equal norm. A straight line between them
 * passes closer to the origin (by √2 in the middle) than any draw comes; this arc keeps their norm.
 *
 * Source: Shoemake 1985, "Animating rotation with quaternion curves", SIGGRAPH '85, section 3.3.
 * @param from   float32 (n), not all 0
 * @param to     float32 (n), not all 0, and not opposite to `from`
 * @param amount 0 (exactly `from`) … 1 (exactly `to`)
 * @returns      float32 (n), a new array, computed in float64
 * @throws       RangeError when the lengths differ, the amount is out of range, or the vectors have no one arc between them
 */
export function slerp(from: Float32Array, to: Float32Array, amount: number): Float32Array {
  if (from.length !== to.length) {
    throw new RangeError(`slerp: from has ${from.length} values and to has ${to.length}; expected as many`);
  }
  assertAmount('slerp', amount);
  const angle = angleBetween(from, to);
  const sine = Math.sin(angle);
  if (Number.isNaN(angle) || (sine < MIN_SINE && angle > 1)) {
    throw new RangeError('slerp: from and to point in opposite directions, or one is 0; expected one arc between them');
  }
  const isStraight = sine < MIN_SINE;
  const ofFrom = isStraight ? 1 - amount : Math.sin((1 - amount) * angle) / sine;
  const ofTo = isStraight ? amount : Math.sin(amount * angle) / sine;
  return from.map((value, i) => ofFrom * value + ofTo * to[i]!);
}

/** @throws RangeError when the amount is no number from 0 to 1 */
function assertAmount(operation: string, amount: number): void {
  if (typeof amount === 'number' && amount >= 0 && amount <= 1) return;
  throw new RangeError(`${operation}: amount is ${amount}; expected 0 (the first) to 1 (the second)`);
}

/**
 * In radians, 0 … π, exact for small angles, too; NaN when a vector is 0.
 *
 * Source: Kahan 2006, "How futile are mindless assessments of roundoff in floating-point computation?", section 12.
 */
function angleBetween(a: Float32Array, b: Float32Array): number {
  const [normA, normB] = [normOf(a), normOf(b)];
  let [apart, together] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]! / normA, b[i]! / normB];
    apart += (x - y) ** 2;
    together += (x + y) ** 2;
  }
  return 2 * Math.atan2(Math.sqrt(apart), Math.sqrt(together));
}

function normOf(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
