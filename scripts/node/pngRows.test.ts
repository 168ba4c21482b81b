import { deflateSync } from 'node:zlib';
import { decode, encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { integers } from '../../runtime/index.ts';
import { chunk, chunksOf, SIGNATURE_END } from './pngChunks.ts';
import { paethRows, plainRows } from './pngRows.ts';

const [WIDTH, HEIGHT] = [7, 9];

/** Pixels as another decoder reads them from a file with these rows. */
function decoded(rows: Uint8Array, channels: 3 | 4): Uint8Array {
  const file = encode({ width: WIDTH, height: HEIGHT, channels, data: new Uint8Array(WIDTH * HEIGHT * channels) });
  const chunks = chunksOf(file).map(({ type, whole }) => (type === 'IDAT' ? chunk(type, deflateSync(rows)) : whole));
  return decode(Buffer.concat([file.subarray(0, SIGNATURE_END), ...chunks]), { checkCrc: true }).data as Uint8Array;
}

describe.each([3, 4] as const)('rows of %i channels', (channels) => {
  const picture = (value: (x: number, y: number, c: number) => number) =>
    Uint8Array.from({ length: WIDTH * HEIGHT * channels }, (_, i) => {
      const pixel = Math.floor(i / channels);
      return value(pixel % WIDTH, Math.floor(pixel / WIDTH), i % channels);
    });

  it('are read as they were: a slope', () => {
    const pixels = picture((x, y, c) => 20 * x + 31 * y + 5 * c);
    expect(decoded(paethRows(pixels, WIDTH * channels, channels), channels)).toEqual(pixels);
    expect(decoded(plainRows(pixels, WIDTH * channels), channels)).toEqual(pixels);
  });

  it('are read as they were: noise', () => {
    for (let seed = 0; seed < 40; seed++) {
      const noise = integers(seed, 0, WIDTH * HEIGHT * channels, 256);
      const pixels = picture((x, y, c) => 9 * x + 7 * y + (noise[(y * WIDTH + x) * channels + c]! >> (seed % 8)));
      expect(decoded(paethRows(pixels, WIDTH * channels, channels), channels)).toEqual(pixels);
    }
  });
});

it('of a ramp nothing is left but its beginning', () => {
  const ramp = Uint8Array.from({ length: 12 }, (_, i) => 10 + (i % 4)); // 3 rows of 4 grey pixels
  expect([...paethRows(ramp, 4, 1)]).toEqual([4, 10, 1, 1, 1, 4, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
});
