import { describe, expect, it } from 'vitest';
import { decodeBfloat16, decodeFloat16, encodeFloat16 } from './float16.ts';

/** The value of a binary16 pattern, read from the standard's definition digit by digit. */
function closedForm(pattern: number): number {
  const digits = pattern.toString(2).padStart(16, '0');
  const sign = digits[0] === '1' ? -1 : 1;
  const exponent = Number.parseInt(digits.slice(1, 6), 2);
  const fraction = Number.parseInt(digits.slice(6), 2) / 1024;
  if (exponent === 31) return fraction ? Number.NaN : sign * Infinity;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction) : sign * 2 ** -14 * fraction;
}

const ALL_PATTERNS = Uint16Array.from({ length: 0x10000 }, (_, i) => i);

function encodeOne(value: number): number {
  return encodeFloat16(new Float32Array([value]))[0]!;
}

describe('decodeFloat16', () => {
  it('gives the defined value of every pattern', () => {
    const values = decodeFloat16(ALL_PATTERNS);
    const wrong = ALL_PATTERNS.filter((pattern) => !Object.is(values[pattern], closedForm(pattern)));
    expect([...wrong]).toEqual([]);
  });
});

describe('encodeFloat16', () => {
  it('brings every finite value back to its pattern', () => {
    const patterns = ALL_PATTERNS.filter((pattern) => Number.isFinite(closedForm(pattern)));
    expect(encodeFloat16(Float32Array.from(patterns, closedForm))).toEqual(patterns);
  });

  it.each([
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff], // the largest
    [65519.996, 0x7bff],
    [65520, 0x7c00], // half-way to 65536: to even, which is infinity
    [-65520, 0xfc00],
    [Infinity, 0x7c00],
    [2 ** -14, 0x0400], // the smallest normal
    [2 ** -24, 0x0001], // the smallest subnormal
    [2 ** -25, 0x0000], // half-way to 0: to even
    [-(2 ** -25), 0x8000],
    [2 ** -25 * 1.0000001, 0x0001],
    [3 * 2 ** -25, 0x0002], // half-way between 1 and 2: to even
    [5 * 2 ** -25, 0x0002], // half-way between 2 and 3: to even
    [2 ** -14 - 2 ** -25, 0x0400], // the largest subnormal's upper half-way rounds up to a normal
    [1 + 2 ** -11, 0x3c00], // half-way, below is even
    [1 + 3 * 2 ** -11, 0x3c02], // half-way, above is even
    [1 + 2 ** -11 + 2 ** -20, 0x3c01],
    [2 - 2 ** -12, 0x4000], // carries into the exponent
    [2 ** -149, 0x0000], // float32's smallest subnormal
  ])('rounds %d to nearest, ties to even', (value, pattern) => {
    expect(encodeOne(value)).toBe(pattern);
  });

  it('rounds every half-way point to the even neighbour, and its float32 neighbours to the nearer one', () => {
    const wrong: number[] = [];
    for (let pattern = 0; pattern < 0x7bff; pattern++) {
      const middle = (closedForm(pattern) + closedForm(pattern + 1)) / 2; // exact in float32
      const bits = new Uint32Array(new Float32Array([middle]).buffer)[0]!;
      const around = new Float32Array(new Uint32Array([bits - 1, bits, bits + 1]).buffer);
      const even = pattern % 2 === 0 ? pattern : pattern + 1;
      if (String(encodeFloat16(around)) !== String([pattern, even, pattern + 1])) wrong.push(pattern);
    }
    expect(wrong).toEqual([]);
  });

  it('keeps NaN a NaN', () => {
    expect(closedForm(encodeOne(Number.NaN))).toBeNaN();
  });
});

describe('decodeBfloat16', () => {
  it('reads the upper half of a float32', () => {
    const bits = new Uint16Array([0x3f80, 0xc040, 0x4049, 0x0001, 0x8000, 0x7f80]);
    expect([...decodeBfloat16(bits)]).toEqual([1, -3, 3.140625, 2 ** -133, -0, Infinity]);
  });
});
