/**
 * Random numbers that depend on (seed, stream, position) alone.
 *
 * The generator is counter-based: word n of a stream is a pure function of the key (seed, stream) and of n, so an image
 * with its own seed gets the same noise whatever the batch holds, and a shorter draw is a prefix of a longer one.
 */

import { quote } from './errors.ts';

/** Seeds are uint32. */
export const MAX_SEED = 2 ** 32 - 1;

/** The seed that comes `count` after another; after the largest comes 0. */
export function nextSeed(seed: number, count: number): number {
  return (seed + count) % TWO_POW_32;
}

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const NUM_ROUNDS = 10;
const WORDS_PER_BLOCK = 4;
const TWO_POW_32 = MAX_SEED + 1;

/** High 32 bits of the 64-bit product of two uint32, by products of halves, whose sums all stay below 2^32. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const cross = Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16);
  const middle = Math.imul(aLow, bHigh) + (cross & 0xffff);
  return (Math.imul(aHigh, bHigh) + (cross >>> 16) + (middle >>> 16)) >>> 0;
}

/**
 * Philox4x32-10: maps a 128-bit counter and a 64-bit key to four uniform uint32.
 *
 * Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", SC'11, section 4.3.
 * @param counter four uint32, least significant word first
 * @param key     two uint32
 * @param out     receives four words from `offset` on
 */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
  out: Uint32Array,
  offset = 0,
): void {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < NUM_ROUNDS; round++) {
    const high0 = mulHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = mulHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  out[offset] = c0;
  out[offset + 1] = c1;
  out[offset + 2] = c2;
  out[offset + 3] = c3;
}

/** @throws RangeError when the seed is no uint32. */
export function assertSeed(operation: string, seed: number): void {
  assertUint32(operation, 'seed', seed);
}

function assertUint32(operation: string, name: string, value: number): void {
  if (Number.isInteger(value) && value >= 0 && value < TWO_POW_32) return;
  throw new RangeError(
    `${operation}: ${name} is ${quote(value)}; expected a whole number from 0 to ${MAX_SEED} (use \`${name} >>> 0\`)`,
  );
}

function assertCount(operation: string, count: number): void {
  if (Number.isInteger(count) && count >= 0) return;
  throw new RangeError(`${operation}: count is ${count}; expected a whole number from 0 on`);
}

/** The first `count` words of a stream, rounded up to whole blocks. */
function words(operation: string, seed: number, stream: number, count: number): Uint32Array {
  assertSeed(operation, seed);
  assertUint32(operation, 'stream', stream);
  assertCount(operation, count);
  const numBlocks = Math.ceil(count / WORDS_PER_BLOCK);
  const out = new Uint32Array(numBlocks * WORDS_PER_BLOCK);
  const counter: [number, number, number, number] = [0, 0, 0, 0];
  const key: [number, number] = [seed, stream];
  for (let block = 0; block < numBlocks; block++) {
    counter[0] = block;
    philox4x32(counter, key, out, block * WORDS_PER_BLOCK);
  }
  return out;
}

/** Uniform float64 in [0, 1), multiples of 2^-32. */
export function uniforms(seed: number, stream: number, count: number): Float64Array {
  const source = words('uniforms', seed, stream, count);
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) out[i] = source[i]! / TWO_POW_32;
  return out;
}

/**
 * Standard normal float32, computed in float64; the largest possible magnitude is 6.76.
 *
 * Source: Box & Muller 1958, Annals of Mathematical Statistics 29(2).
 * @param out    written from `offset` on and returned; a new array when absent
 * @throws       RangeError for a seed or stream which is no uint32, or an `out` that is too short
 */
export function normals(
  seed: number,
  stream: number,
  count: number,
  out: Float32Array = new Float32Array(count),
  offset = 0,
): Float32Array {
  if (offset + count > out.length) {
    throw new RangeError(`normals: out has ${out.length} values; expected at least ${offset + count} (offset + count)`);
  }
  const source = words('normals', seed, stream, count);
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log((source[i]! + 0.5) / TWO_POW_32));
    const angle = (2 * Math.PI * source[i + 1]!) / TWO_POW_32;
    out[offset + i] = radius * Math.cos(angle);
    if (i + 1 < count) out[offset + i + 1] = radius * Math.sin(angle);
  }
  return out;
}

/** Whole numbers from 0 to bound − 1; the bias of any value is below bound / 2^32. */
export function integers(seed: number, stream: number, count: number, bound: number): Int32Array {
  if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 31) {
    throw new RangeError(`integers: bound is ${bound}; expected a whole number from 1 to 2147483648`);
  }
  const source = words('integers', seed, stream, count);
  return Int32Array.from({ length: count }, (_, i) => Math.floor((source[i]! / TWO_POW_32) * bound));
}

/** A random order of 0 … count − 1. Source: Durstenfeld 1964 (Fisher–Yates), CACM 7(7), algorithm 235. */
export function permutation(seed: number, stream: number, count: number): Int32Array {
  const source = words('permutation', seed, stream, count);
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor((source[i]! / TWO_POW_32) * (i + 1));
    const swapped = order[i]!;
    order[i] = order[j]!;
    order[j] = swapped;
  }
  return order;
}
