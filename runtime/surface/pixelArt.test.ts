import { expect, it } from 'vitest';
import { integers } from '../core/random.ts';
import { snapToPalette } from './palette.ts';
import { pixelArt } from './pixelArt.ts';
import { scalePixelArt } from './pixelArtScale.ts';

const PALETTE = ['#1a1c2c', '#b13e53', '#ffcd75', '#38b764'];
const pixels = Uint8Array.from(integers(1, 0, 4 * 12 * 8, 256));

it('pixelArt snaps first, then enlarges', () => {
  const snapped = snapToPalette(pixels, 12, 8, PALETTE, { dither: 0.2 });
  const expected = scalePixelArt(snapped, 12, 8, { factor: 4, tolerance: 3, wraps: false });
  const options = { palette: PALETTE, dither: 0.2, factor: 4, tolerance: 3, wraps: false } as const;
  expect(pixelArt(pixels, 12, 8, options)).toEqual(expected);
});

it('pixelArt leaves out what is not asked for', () => {
  expect(pixelArt(pixels, 12, 8)).toEqual({ width: 12, height: 8, channels: 4, pixels });
  expect(pixelArt(pixels, 12, 8, { palette: PALETTE }).pixels).toEqual(snapToPalette(pixels, 12, 8, PALETTE));
  expect(pixelArt(pixels, 12, 8, { factor: 2 })).toEqual(scalePixelArt(pixels, 12, 8));
  expect(() => pixelArt(pixels, 12, 9)).toThrow(/pixelArt: 384 bytes for 12×9 pixels/);
});
