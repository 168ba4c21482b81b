import { toOklab } from '../core/oklab.ts';
import { OFFSET_STEP, type PalettePrior } from '../core/palettePrior.ts';
import { HALF_OPAQUE } from '../core/pixels.ts';
import { ColourIndex } from './colourIndex.ts';

/** A picture, and what the auto-encoder makes of it: RGBA bytes of the same size. */
export interface DecodedPair {
  picture: Uint8Array;
  decoded: Uint8Array;
}

/** So many pixels that came out right count with those of each colour, so that few pixels don't tell too much. */
const NUM_SURE = 30;

const LARGEST = 127;

/**
 * Where the colours of a palette come out of an auto-encoder in the mean, less the colours themselves: what is small, such as an iris,
 * takes something of what is around it. Transparent pixels count for nothing.
 *
 * Source: James & Stein 1961: the mean, shrunk towards 0 where few pixels tell.
 * @returns (colours, 3) in Oklab, in units of `OFFSET_STEP`
 */
export class PaletteOffsets {
  private readonly known: ColourIndex;
  private readonly sums: Float64Array;
  private readonly counts: Float64Array;

  constructor({ colours }: Pick<PalettePrior, 'colours'>) {
    this.known = new ColourIndex(colours);
    this.sums = new Float64Array(colours.length);
    this.counts = new Float64Array(colours.length / 3);
  }

  add({ picture, decoded }: DecodedPair): void {
    for (let at = 0; at < picture.length; at += 4) {
      if (Math.min(picture[at + 3]!, decoded[at + 3]!) < HALF_OPAQUE) continue;
      const colour = this.known.at(picture, at);
      if (colour < 0) continue;
      const [meant, found] = [picture, decoded].map((pixels) => toOklab(pixels[at]!, pixels[at + 1]!, pixels[at + 2]!));
      for (let axis = 0; axis < 3; axis++) this.sums[3 * colour + axis]! += found![axis]! - meant![axis]!;
      this.counts[colour]!++;
    }
  }

  mean(): Int8Array {
    return Int8Array.from(this.sums, (sum, i) => {
      const steps = Math.round(sum / (this.counts[Math.floor(i / 3)]! + NUM_SURE) / OFFSET_STEP);
      return Math.max(-LARGEST, Math.min(LARGEST, steps));
    });
  }
}
