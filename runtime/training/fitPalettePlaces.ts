import { definedOf } from '../core/definedOf.ts';
import { numFramesOf } from '../core/frames.ts';
import {
  byteOfChance,
  cellOf,
  numCells,
  type PalettePlaces,
  partsThatFit,
  placesLayout,
  roughByteOfChance,
} from '../core/palettePlaces.ts';
import type { PalettePrior } from '../core/palettePrior.ts';
import { HALF_OPAQUE } from '../core/pixels.ts';
import { uniforms } from '../core/random.ts';
import { PALETTE_STREAMS } from '../core/streams.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { pictureAt } from '../dataset/pictureAt.ts';
import { ColourIndex } from './colourIndex.ts';

export interface FitPlacesOptions {
  /** 1 … 32. */
  numParts: number;
  /** Rounds of the fit. */
  numRounds: number;
  seed: number;
  signal?: AbortSignal;
  /** Called, and awaited, between rounds: the place to let other work run. @param share done, 0 … 1 */
  onProgress?: (share: number) => void | Promise<void>;
}

export const FIT_PLACES_DEFAULTS: Required<Omit<FitPlacesOptions, 'signal' | 'onProgress'>> = {
  numParts: 32,
  numRounds: 80,
  seed: 0,
};

/** How often each colour is at each pixel, of those where it is at all. */
interface Counts {
  numColours: number;
  cells: Int32Array[];
  /** How many pictures have it there, in the mean of the frames of a view. */
  counts: Float32Array[];
  /** (colours): how many pictures have a colour anywhere. */
  present: Float64Array;
  /** (colours): how much the pixels of a colour count in what parts are. */
  weights: Float64Array;
}

/**
 * Learns where in pictures the colours of a palette show: how often each is at each pixel, as a mixture of parts. Colours that are
 * seldom count more than their pixels, by the root of how many these are: irises are small.
 *
 * Source: Lee & Seung 2001, Algorithms for Non-negative Matrix Factorization, theorem 2 (the divergence), each row weighted; without weights
 * it is Hofmann 1999, Probabilistic Latent Semantic Indexing, section 3.2.
 *
 * @param indices the images to learn from
 * @throws        RangeError for more parts than can be stored; the signal's reason
 */
export async function fitPalettePlaces(
  dataset: Dataset,
  indices: Int32Array,
  { colours }: Pick<PalettePrior, 'colours'>,
  options: Partial<FitPlacesOptions> = {},
): Promise<PalettePlaces> {
  const { numParts, numRounds, seed, signal, onProgress } = { ...FIT_PLACES_DEFAULTS, ...definedOf(options) };
  const layout = placesLayout(numFramesOf(dataset) * dataset.widthPx, dataset.heightPx, dataset.frames);
  const size = numCells(layout);
  if (numParts < 1 || numParts > partsThatFit(layout)) {
    throw new RangeError(
      `fitPalettePlaces: ${numParts} parts of ${size} pixels; expected 1 to ${partsThatFit(layout)}`,
    );
  }
  const counted = countPlaces(dataset, indices, colours, layout);
  const drawn = uniforms(seed, PALETTE_STREAMS.parts.first, numParts * (size + counted.numColours));
  let fit: Factors = {
    numParts,
    shares: Float64Array.from(drawn.subarray(0, counted.numColours * numParts), (value) => value + 0.1),
    parts: normalised(
      Float64Array.from(drawn.subarray(counted.numColours * numParts), (value) => value + 0.1),
      numParts,
    ),
  };
  for (let round = 0; round < numRounds; round++) {
    fit = improved(fit, counted);
    signal?.throwIfAborted();
    await onProgress?.((round + 1) / numRounds);
  }
  return stored(fit, counted);
}

function countPlaces(
  dataset: Dataset,
  indices: Int32Array,
  colours: Uint8Array,
  layout: ReturnType<typeof placesLayout>,
): Counts {
  const known = new ColourIndex(colours);
  const size = numCells(layout);
  const numColours = colours.length / 3;
  const sums = new Float32Array(numColours * size);
  const present = new Float64Array(numColours);
  const framesOf = (view: number) => layout.views.filter((other) => other === view).length;
  const weights = layout.views.map((view) => 1 / framesOf(view));
  for (const image of indices) {
    const { pixels, channels, width } = pictureAt(dataset, image);
    const seen = new Set<number>();
    for (let pixel = 0; pixel < pixels.length / channels; pixel++) {
      if (channels === 4 && pixels[4 * pixel + 3]! < HALF_OPAQUE) continue;
      const colour = known.at(pixels, channels * pixel);
      if (colour < 0) continue;
      seen.add(colour);
      const frame = Math.floor((pixel % width) / layout.widthPx);
      sums[colour * size + cellOf(pixel, layout)]! += weights[frame]!;
    }
    for (const colour of seen) present[colour]!++;
  }
  const rows = Array.from(present, (_, colour) => sums.subarray(colour * size, (colour + 1) * size));
  const cells = rows.map((row) => Int32Array.from(row.keys()).filter((cell) => row[cell]! > 0));
  const counts = rows.map((row, i) => Float32Array.from(cells[i]!, (cell) => row[cell]!));
  const totals = counts.map((own) => own.reduce((sum, count) => sum + count, 0));
  return {
    numColours,
    cells,
    counts,
    present,
    weights: Float64Array.from(totals, (total) => 1 / Math.sqrt(Math.max(1, total))),
  };
}

/** counts(c, j) ≈ Σ_k shares(c, k) · parts(j, k), where each part's column adds up to 1. */
interface Factors {
  numParts: number;
  /** (colours, parts). */
  shares: Float64Array;
  /** (cells, parts). */
  parts: Float64Array;
}

/** One round: each count is divided among the parts as these explain it, and they become what they were given. */
function improved({ numParts, shares, parts }: Factors, { cells, counts, weights }: Counts): Factors {
  const next = { numParts, shares: new Float64Array(shares.length), parts: new Float64Array(parts.length) };
  const given = new Float64Array(numParts);
  for (const [colour, own] of cells.entries()) {
    const weight = weights[colour]!;
    const row = colour * numParts;
    for (const [i, cell] of own.entries()) {
      let explained = 0;
      for (let part = 0; part < numParts; part++) {
        given[part] = shares[row + part]! * parts[cell * numParts + part]!;
        explained += given[part]!;
      }
      if (explained === 0) continue;
      const ratio = counts[colour]![i]! / explained;
      for (let part = 0; part < numParts; part++) {
        const count = ratio * given[part]!;
        next.shares[row + part]! += count;
        next.parts[cell * numParts + part]! += weight * count;
      }
    }
  }
  return { ...next, parts: normalised(next.parts, numParts) };
}

/** Columns that add up to 1. */
function normalised(parts: Float64Array, numParts: number): Float64Array {
  const sums = new Float64Array(numParts);
  for (const [i, value] of parts.entries()) sums[i % numParts]! += value;
  return parts.map((value, i) => (sums[i % numParts]! > 0 ? value / sums[i % numParts]! : 0));
}

/** Chances, of parts beside their likeliest pixels. */
function stored({ numParts, shares, parts }: Factors, { present }: Counts): PalettePlaces {
  const most = new Float64Array(numParts);
  for (const [i, value] of parts.entries()) most[i % numParts] = Math.max(most[i % numParts]!, value);
  const chanceOfShare = (value: number, i: number) =>
    (value * most[i % numParts]!) / Math.max(1, present[Math.floor(i / numParts)]!);
  return {
    parts: Uint8Array.from(parts, (value, i) => roughByteOfChance(value / most[i % numParts]!)),
    shares: Uint8Array.from(shares, (value, i) => byteOfChance(chanceOfShare(value, i))),
  };
}
