// Where in pictures the colours of a palette show: a mixture of parts, such as hair, irises and sleeves.
import { MAX_STORED_BYTES } from './base64.ts';
import type { Frame } from './frames.ts';

/**
 * The chance that a pixel has a colour, in a picture that has it somewhere: a sum over parts,
 *
 *   q(c, j) = Σ_k share(c, k) · part(k, j)
 *
 * Fitted by `fitPalettePlaces`.
 */
export interface PalettePlaces {
  /**
   * (views, height, width, parts): how likely a pixel is in a part beside the likeliest pixel of that part. See `chanceOf`. There are
   * many, so that they are known more roughly than others: see `roughByteOfChance`.
   */
  parts: Uint8Array;
  /** (colours, parts): the chance that the likeliest pixel of a part has a colour. See `chanceOf`. */
  shares: Uint8Array;
}

/** Where the pixels of a picture are: frames in a row, of which those that look the same way share a view. */
export interface PlacesLayout {
  /** The size of one frame in pixels. */
  widthPx: number;
  heightPx: number;
  /** The place of each frame's view among all. */
  views: readonly number[];
}

/** The most parts that a palette has. */
export const MAX_PARTS = 32;

/** Chances are stored as minus their logarithms, in this unit. */
export const CHANCE_STEP = 1 / 16;

/** At no pixel does a colour count as less likely, whatever is asked for. */
export const RARELY = 1e-4;

/** The byte of no chance at all. */
export const NEVER = 255;

/** The chance that a byte stands for: 1 … e^−16, or 0. */
export function chanceOf(byte: number): number {
  return byte === NEVER ? 0 : Math.exp(-CHANCE_STEP * byte);
}

/** The byte of a chance; one above 1 counts as 1. */
export function byteOfChance(chance: number): number {
  const byte = Math.round(Math.max(0, -Math.log(chance) / CHANCE_STEP));
  return Math.min(NEVER, byte);
}

/** The byte of a chance, rounded to one of 15 that are apart by a factor of e, or to none: two such bytes are stored as one. */
export function roughByteOfChance(chance: number): number {
  const place = Math.min(15, Math.round(Math.max(0, -Math.log(chance))));
  return place === 15 ? NEVER : place * ROUGH;
}

const ROUGH = 1 / CHANCE_STEP;

/** Packs bytes of `roughByteOfChance`, two into one: the first of two becomes the upper half. */
export function packRough(bytes: Uint8Array): Uint8Array {
  const half = (i: number) => Math.min(15, Math.round((bytes[i] ?? NEVER) / ROUGH));
  return Uint8Array.from({ length: Math.ceil(bytes.length / 2) }, (_, i) => 16 * half(2 * i) + half(2 * i + 1));
}

/** Unpacks the bytes that `packRough` has packed. @param count how many there were */
export function unpackRough(packed: Uint8Array, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => {
    const half = i % 2 === 0 ? packed[i >> 1]! >> 4 : packed[i >> 1]! & 15;
    return half === 15 ? NEVER : half * ROUGH;
  });
}

/** The layout of a model's pictures, or of a data set's. @param widthPx of a picture: all frames in a row */
export function placesLayout(widthPx: number, heightPx: number, frames: readonly Frame[] = []): PlacesLayout {
  const directions = frames.map(({ direction }) => direction);
  const known = [...new Set(directions)];
  const views = frames.length > 0 ? directions.map((direction) => known.indexOf(direction)) : [0];
  return { widthPx: widthPx / views.length, heightPx, views };
}

/** How many pixels there are in all views. */
export function numCells({ widthPx, heightPx, views }: PlacesLayout): number {
  return (1 + Math.max(...views)) * heightPx * widthPx;
}

/** How many parts of pictures model_index.json has room for; 0 for large pictures. */
export function partsThatFit(layout: PlacesLayout): number {
  return Math.min(MAX_PARTS, Math.floor((2 * MAX_STORED_BYTES) / numCells(layout)));
}

/** Where a pixel of a picture lies among those of all views. @param pixel its place in the picture, row by row */
export function cellOf(pixel: number, { widthPx, heightPx, views }: PlacesLayout): number {
  const rowPx = widthPx * views.length;
  const [x, y] = [pixel % rowPx, Math.floor(pixel / rowPx)];
  return (views[Math.floor(x / widthPx)]! * heightPx + y) * widthPx + (x % widthPx);
}

/** The colours that are likelier than `RARELY` at a pixel, the likeliest first, and what each costs. */
export interface LikelyColours {
  colours: Uint16Array;
  /** Minus the logarithms of their chances, in units of `CHANCE_STEP`. */
  bytes: Uint8Array;
}

/** For each pixel the chances of colours. They are worked out when a picture first asks for them, and kept. */
export class ChanceTable {
  private readonly cells: (LikelyColours | undefined)[];
  private readonly shares: Float32Array;
  private readonly numParts: number;

  constructor(
    private readonly places: PalettePlaces,
    private readonly numColours: number,
  ) {
    this.numParts = places.shares.length / numColours;
    this.shares = Float32Array.from(places.shares, chanceOf);
    this.cells = new Array(places.parts.length / this.numParts);
  }

  /** @param cell see `cellOf` */
  likelyAt(cell: number): LikelyColours {
    const likely = this.cells[cell] ?? this.workOut(cell);
    this.cells[cell] = likely;
    return likely;
  }

  private workOut(cell: number): LikelyColours {
    const { numColours, numParts, shares, places } = this;
    const parts = Array.from(places.parts.subarray(cell * numParts, (cell + 1) * numParts), chanceOf);
    const shown = parts.flatMap((chance, part) => (chance > 0 ? [part] : []));
    const found: number[] = [];
    for (let colour = 0; colour < numColours; colour++) {
      let chance = 0;
      for (const part of shown) chance += shares[colour * numParts + part]! * parts[part]!;
      if (chance > RARELY) found.push(byteOfChance(chance) * MAX_COLOURS + colour);
    }
    const sorted = Uint32Array.from(found).sort();
    return {
      colours: Uint16Array.from(sorted, (key) => key % MAX_COLOURS),
      bytes: Uint8Array.from(sorted, (key) => Math.floor(key / MAX_COLOURS)),
    };
  }
}

/** More colours than any palette has: with it a byte and a colour's place make one number, which sorts by the byte. */
const MAX_COLOURS = 2 ** 16;
