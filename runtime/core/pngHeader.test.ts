import { expect, it } from 'vitest';
import { isPng, statedPngSize } from './pngHeader.ts';

/** The signature, the length and name of the header chunk, and a size of 70000×2. */
const HEADER = Uint8Array.of(
  ...[0x89, ...Buffer.from('PNG'), 0x0d, 0x0a, 0x1a, 0x0a],
  ...[0, 0, 0, 13, ...Buffer.from('IHDR')],
  ...[0, 1, 0x11, 0x70, 0, 0, 0, 2],
);

it('reads the size that a PNG states, also where its bytes lie within others', () => {
  expect(statedPngSize(HEADER)).toEqual({ width: 70_000, height: 2 });
  expect(statedPngSize(Uint8Array.of(1, 2, 3, ...HEADER, 9).subarray(3))).toEqual({ width: 70_000, height: 2 });
});

it('finds no size in what is no PNG, or ends before its size', () => {
  expect(isPng(HEADER)).toBe(true);
  for (let length = 0; length < HEADER.length; length++) {
    expect(statedPngSize(HEADER.subarray(0, length))).toBeUndefined();
    expect(isPng(HEADER.subarray(0, length))).toBe(length >= 8);
  }
  for (let byte = 0; byte < 8; byte++) {
    const other = HEADER.map((value, i) => (i === byte ? value ^ 1 : value));
    expect(isPng(other)).toBe(false);
    expect(statedPngSize(other)).toBeUndefined();
  }
});
