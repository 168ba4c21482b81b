import { deflateSync } from 'node:zlib';
import { decode, encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { integers } from '../../runtime/index.ts';
import { chunk, chunksOf, SIGNATURE_END } from './pngChunks.ts';
import { filteredRows, plainRows } from './pngRows.ts';

const [WIDTH, HEIGHT] = [7, 9];

/** Pixels as another decoder reads them from a file with these rows. */
function decoded(rows: Uint8Array, channels: 3 | 4): Uint8Array {
  const file = encode({ width: WIDTH, height: HEIGHT, channels, data: new Uint8Array(WIDTH * HEIGHT * channels) });
  const chunks = chunksOf(file).map(({ type, whole }) => (type === 'IDAT' ? chunk(type, deflateSync(rows)) : whole));
  return decode(Buffer.concat([file.subarray(0, SIGNATURE_END), ...chunks]), { checkCrc: true }).data as Uint8Array;
}

/** Pictures for each of which another filter is best. */
const PICTURES: Record<string, (x: number, y: number, c: number) => number> = {
  none: (x, y, c) => (x + y + c) % 2,
  sub: (x, y, c) => 20 * x + 31 * y * y + 5 * c,
  up: (x, y, c) => 77 * x * x + 3 * y + c,
  average: (x, y) => Math.round(255 * 0.5 ** (x / 3)) + Math.round(100 * 0.5 ** (y / 2)),
  paeth: (x, y, c) => (x > y ? 200 : 40) + c,
};

describe.each([3, 4] as const)('rows of %i channels', (channels) => {
  const picture = (value: (x: number, y: number, c: number) => number) =>
    Uint8Array.from({ length: WIDTH * HEIGHT * channels }, (_, i) => {
      const pixel = Math.floor(i / channels);
      return value(pixel % WIDTH, Math.floor(pixel / WIDTH), i % channels);
    });

  it.each(Object.keys(PICTURES))('are read as they were: a picture for %s', (name) => {
    const pixels = picture(PICTURES[name]!);
    expect(decoded(filteredRows(pixels, WIDTH * channels, channels), channels)).toEqual(pixels);
    expect(decoded(plainRows(pixels, WIDTH * channels), channels)).toEqual(pixels);
  });

  it('are read as they were: noise, by every filter', () => {
    const used = new Set<number>();
    for (let seed = 0; seed < 40; seed++) {
      const noise = integers(seed, 0, WIDTH * HEIGHT * channels, 256);
      const pixels = picture((x, y, c) => 9 * x + 7 * y + (noise[(y * WIDTH + x) * channels + c]! >> (seed % 8)));
      const rows = filteredRows(pixels, WIDTH * channels, channels);
      expect(decoded(rows, channels)).toEqual(pixels);
      for (let row = 0; row < HEIGHT; row++) used.add(rows[row * (WIDTH * channels + 1)]!);
    }
    expect([...used].sort()).toEqual([0, 1, 2, 3, 4]);
  });
});

it('a ramp takes the filter that leaves nothing of it', () => {
  const ramp = Uint8Array.from({ length: 12 }, (_, i) => 10 + (i % 4)); // 3 rows of 4 grey pixels
  expect([...filteredRows(ramp, 4, 1)]).toEqual([1, 10, 1, 1, 1, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0]);
});
