import { expect, it } from 'vitest';
import { frameAt, framesInRows, standingFrame } from './frames.ts';

const FRAMES = ['down', 'down', 'left', 'left'].map((direction, i) => ({
  direction,
  action: i === 1 ? 'stand' : 'walk',
  index: 0,
  durationMs: 100,
}));
const INFO = { frames: FRAMES, widthPx: 8, heightPx: 2 };

/** A picture whose pixels tell their frame and their place in it: 100 · frame + 10 · row + column. */
const PICTURE = pictureOf(8, 2, (x, y) => 100 * Math.floor(x / 2) + 10 * y + (x % 2));

function pictureOf(widthPx: number, heightPx: number, valueAt: (x: number, y: number) => number): Uint8Array {
  const pixels = new Uint32Array(widthPx * heightPx).map((_, i) => valueAt(i % widthPx, Math.floor(i / widthPx)));
  return new Uint8Array(pixels.buffer);
}

it('finds who stands and looks at the eye, and every other frame', () => {
  const pixels = pictureOf(2, 2, (x, y) => 100 + 10 * y + x);
  expect(standingFrame(PICTURE, INFO)).toEqual({ pixels, widthPx: 2, heightPx: 2 });
  expect(frameAt(PICTURE, INFO, 3).pixels).toEqual(pictureOf(2, 2, (x, y) => 300 + 10 * y + x));
});

it('lays the frames in a row for each direction', () => {
  const pixels = pictureOf(4, 4, (x, y) => 200 * Math.floor(y / 2) + 100 * Math.floor(x / 2) + 10 * (y % 2) + (x % 2));
  expect(framesInRows(PICTURE, INFO)).toEqual({ pixels, widthPx: 4, heightPx: 4 });
});

it('leaves the picture of a model without frames as it is', () => {
  const info = { widthPx: 8, heightPx: 2 };
  for (const shown of [standingFrame(PICTURE, info), framesInRows(PICTURE, info)]) {
    expect(shown).toEqual({ pixels: PICTURE, widthPx: 8, heightPx: 2 });
  }
});
