import { describe, expect, it } from 'vitest';
import { composeAtlas, footPivot, sheetColumns } from './atlas.ts';

/** A picture of 4 × 5 with these alphas in its rows. */
const picture = (alphas: number[]) =>
  Uint8Array.from(alphas.flatMap((alpha) => [0, 0, 0, 0, 9, 9, 9, alpha, ...[0, 0, 0, 0, 0, 0, 0, 0]]));

it.each([
  [[0, 255, 255, 0, 0], 0.6],
  [[0, 0, 255, 255, 255], 1],
  [[255, 255, 255, 128, 127], 0.8],
  [[255, 0, 0, 0, 0], 0.2],
  [[0, 0, 0, 0, 0], 1],
])('a cut-out with alphas %j stands at %f of its height', (alphas, y) => {
  expect(footPivot(picture(alphas), 4, 5)).toEqual({ x: 0.5, y });
});

it('stands on the feet of the frames that stand, which those of others go below', () => {
  const frames = [
    { action: 'walk', index: 0, durationMs: 100 },
    { action: 'walk', index: 1, durationMs: 100 },
    { action: 'stand', index: 0, durationMs: 100 },
  ];
  const lowest = [3, 5, 4]; // rows of 6, two columns a frame
  const pixels = Uint8Array.from({ length: 6 * 6 * 4 }, (_, i) => {
    const [row, column] = [Math.floor(i / 24), Math.floor((i % 24) / 4)];
    return row < lowest[Math.floor(column / 2)]! ? 255 : 0;
  });
  expect(footPivot(pixels, 6, 6, frames)).toEqual({ x: 0.5, y: 4 / 6 });
  expect(footPivot(pixels, 6, 6)).toEqual({ x: 0.5, y: 5 / 6 });
  expect(footPivot(pixels.subarray(0, 6 * 4 * 6), 6, 6, [])).toEqual({ x: 0.5, y: 5 / 6 });
  const walking = [...frames.slice(0, 2), { action: 'walk', index: 2, durationMs: 100 }];
  expect(footPivot(pixels, 6, 6, walking)).toEqual({ x: 0.5, y: 5 / 6 });
});

const tile = (name: string, value: number) => ({ name, pixels: new Uint8Array(2 * 1 * 4).fill(value) });

describe('composeAtlas', () => {
  const tiles = [tile('elf-1', 10), tile('elf-2', 20), tile('orc-1', 30)];
  const { sheet, atlas } = composeAtlas(tiles, { columns: 2, widthPx: 2, heightPx: 1 }, 'sheet.png', '0.1.0');

  it('gives each frame where its picture is', () => {
    for (const { name, pixels } of tiles) {
      const { x, y, w, h } = atlas.frames[name]!.frame;
      expect([w, h]).toEqual([2, 1]);
      const start = (y * sheet.width + x) * 4;
      expect(sheet.pixels.subarray(start, start + 8)).toEqual(pixels);
    }
  });

  it("has TexturePacker's hash layout", () => {
    expect(atlas.frames['orc-1']).toEqual({
      frame: { x: 0, y: 1, w: 2, h: 1 },
      rotated: false,
      trimmed: false,
      spriteSourceSize: { x: 0, y: 0, w: 2, h: 1 },
      sourceSize: { w: 2, h: 1 },
    });
    const [standing] = tiles.map((one) => ({ ...one, pivot: { x: 0.5, y: 1 } }));
    const pivoted = composeAtlas([standing!], { columns: 1, widthPx: 2, heightPx: 1 }, 'sheet.png', '0.1.0').atlas;
    expect(pivoted.frames['elf-1']).toMatchObject({ pivot: { x: 0.5, y: 1 }, anchor: { x: 0.5, y: 1 } });
    expect(atlas.meta).toMatchObject({ app: 'figment', image: 'sheet.png', size: { w: 4, h: 2 }, scale: '1' });
  });
});

it.each([
  [13, 4, 4],
  [13, 1, 1],
  [1, 8, 3],
  [3, 100, 18],
])('%i labels of %i each make %i columns', (numLabels, numEach, columns) => {
  expect(sheetColumns(numLabels, numEach)).toBe(columns);
});
