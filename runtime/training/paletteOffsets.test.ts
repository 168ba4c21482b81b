import { expect, it } from 'vitest';
import { toOklab } from '../core/oklab.ts';
import { OFFSET_STEP } from '../core/palettePrior.ts';
import { PaletteOffsets } from './paletteOffsets.ts';

const COLOURS = Uint8Array.of(0, 0, 255, 200, 150, 120, 10, 10, 10);

/** Pixels of one colour. */
const filled = (count: number, ...pixel: number[]) => Uint8Array.from({ length: 4 * count }, (_, i) => pixel[i % 4]!);

it('is where each colour comes out in the mean, less where it should, and less of that where few pixels tell', () => {
  const offsets = new PaletteOffsets({ colours: COLOURS });
  offsets.add({ picture: filled(90, 0, 0, 255, 255), decoded: filled(90, 60, 60, 160, 255) });
  offsets.add({ picture: filled(10, 200, 150, 120, 255), decoded: filled(10, 190, 150, 120, 200) });
  const step = (from: number[], to: number[], share: number) =>
    toOklab(to[0]!, to[1]!, to[2]!).map((value, axis) => {
      const difference = share * (value - toOklab(from[0]!, from[1]!, from[2]!)[axis]!);
      return Math.round(difference / OFFSET_STEP) + 0; // no −0
    });
  expect([...offsets.mean()]).toEqual([
    ...step([0, 0, 255], [60, 60, 160], 90 / 120),
    ...step([200, 150, 120], [190, 150, 120], 10 / 40),
    ...[0, 0, 0],
  ]);
});

it('passes over what is transparent, and over colours that are none of the palette', () => {
  const offsets = new PaletteOffsets({ colours: COLOURS });
  offsets.add({ picture: filled(50, 0, 0, 255, 0), decoded: filled(50, 90, 90, 90, 255) });
  offsets.add({ picture: filled(50, 0, 0, 255, 255), decoded: filled(50, 90, 90, 90, 0) });
  offsets.add({ picture: filled(50, 1, 2, 3, 255), decoded: filled(50, 90, 90, 90, 255) });
  expect(offsets.mean().every((step) => step === 0)).toBe(true);
});

it('reaches no further than a byte does', () => {
  const offsets = new PaletteOffsets({ colours: COLOURS });
  offsets.add({ picture: filled(9000, 10, 10, 10, 255), decoded: filled(9000, 255, 255, 255, 255) });
  expect(offsets.mean()[6]).toBe(127);
});
