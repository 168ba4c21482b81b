/**
 * IEEE 754 binary16 and bfloat16, as bit patterns, from and to float32.
 *
 * Source: IEEE 754-2019, section 3.6, for binary16: 1 sign bit, 5 exponent bits (bias 15), 10 fraction bits.
 */

const INFINITY_16 = 0x7c00;
const NAN_16 = 0x7e00;
const INFINITY_32 = 0x7f800000;
const OVERFLOW_32 = 0x477ff000; // 65520, half-way between the largest binary16 and the next power of two
const MIN_NORMAL_32 = 0x38800000; // 2^-14
const REBIAS_32 = 0x38000000; // (127 − 15) in the exponent's place

let valuesOfPatterns: Float32Array | undefined;

/** Widens binary16 values, exactly. */
export function decodeFloat16(bits: Uint16Array): Float32Array {
  valuesOfPatterns ??= Float32Array.from({ length: 0x10000 }, (_, pattern) => float16Value(pattern));
  const table = valuesOfPatterns;
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]!]!;
  return values;
}

/** Widens bfloat16 values, which are the upper halves of float32, exactly. */
export function decodeBfloat16(bits: Uint16Array): Float32Array {
  const patterns = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) patterns[i] = bits[i]! << 16;
  return new Float32Array(patterns.buffer);
}

/** Narrows to binary16, to the nearest value, ties to even; what is too large becomes infinity. */
export function encodeFloat16(values: Float32Array): Uint16Array {
  const patterns = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) bits[i] = narrow(patterns[i]!);
  return bits;
}

function float16Value(pattern: number): number {
  const sign = pattern & 0x8000 ? -1 : 1;
  const exponent = (pattern >> 10) & 0x1f;
  const fraction = pattern & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function narrow(pattern: number): number {
  const sign = (pattern >>> 16) & 0x8000;
  const magnitude = pattern & 0x7fffffff;
  if (magnitude > INFINITY_32) return sign | NAN_16;
  if (magnitude >= OVERFLOW_32) return sign | INFINITY_16;
  if (magnitude < MIN_NORMAL_32) return sign | narrowSubnormal(magnitude);
  return sign | shiftToEven(magnitude - REBIAS_32, 13);
}

/** A multiple of 2^-24, the distance of binary16 subnormals. */
function narrowSubnormal(magnitude: number): number {
  const exponent = magnitude >>> 23;
  const significand = (magnitude & 0x7fffff) | 0x800000;
  return exponent < 102 ? 0 : shiftToEven(significand, 126 - exponent);
}

/** value / 2^numBits, to nearest, ties to even. */
function shiftToEven(value: number, numBits: number): number {
  const quotient = value >>> numBits;
  const remainder = value & ((1 << numBits) - 1);
  const half = 1 << (numBits - 1);
  return remainder > half || (remainder === half && (quotient & 1) === 1) ? quotient + 1 : quotient;
}
