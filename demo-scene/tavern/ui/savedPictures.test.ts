import { expect, it } from 'vitest';
import { parseFrames } from '../../../runtime/core/frames.ts';
import type { Artist, Sitter } from '../people/sitter.ts';
import { picturesOf } from './savedPictures.ts';

const FRAMES = parseFrames([
  { direction: 'left', frame: 0 },
  { direction: 'down', frame: 'stand' },
]);

/** Somebody with a picture of these pixels, in one row. */
function sitterOf(widthPx: number, frames?: typeof FRAMES): Sitter {
  const artist = { generator: { info: { widthPx, heightPx: 1, frames } } } as unknown as Artist;
  return { artist, pixelsAsync: async () => new Uint8Array(4 * widthPx) } as unknown as Sitter;
}

it('are the face and all frames of a guest, and the one picture of anybody else', async () => {
  const portrait = sitterOf(6);
  const sizesOf = async (sitter: Sitter) =>
    Object.entries(await picturesOf(sitter)).map(([part, { widthPx, heightPx }]) => [part, widthPx, heightPx]);
  expect(await sizesOf(portrait)).toEqual([['picture', 6, 1]]);
  expect(await sizesOf({ ...sitterOf(4, FRAMES), face: portrait })).toEqual([
    ['face', 6, 1],
    ['figure', 2, 2],
  ]);
});

it('are all maps of a surface', async () => {
  const maps = { albedo: { pixels: new Uint8Array(4), widthPx: 1, heightPx: 1 } };
  expect(await picturesOf({ ...sitterOf(6), mapsAsync: async () => maps })).toBe(maps);
});

it('are none of what is not painted yet', async () => {
  await expect(picturesOf({ ...sitterOf(6), pixelsAsync: async () => null })).rejects.toThrow('not painted yet');
});
