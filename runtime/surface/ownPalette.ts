import { quote } from '../core/errors.ts';
import { dotOf, linearLight, type Oklab, RGB_TO_LMS, ROOTS_TO_OKLAB } from '../core/oklab.ts';
import { channelsOf, HALF_OPAQUE } from '../core/pixels.ts';
import { PIXEL_ART_BOUNDS } from '../core/surfaceBounds.ts';
import { checkRange } from './plane.ts';

/** What makes a palette, in the words that the GPU's pass shares. */
export const OWN_PALETTE = {
  /** Larger pictures are looked at on a grid that is at most so wide and high. */
  maxGridSide: 128,
  /** Pixels of a smaller alpha do not count. */
  minAlpha: HALF_OPAQUE,
  maxColours: PIXEL_ART_BOUNDS.colours[1],
  /** How often the pixels are grouped again around the means of their groups. */
  numRounds: 8,
} as const;

/**
 * The colours that suit a picture best: k-means in Oklab, where each group is represented by the pixel nearest to its mean, so
 * that every colour is one of the picture. It begins with the colour farthest from the mean of all, and each further one is the
 * farthest from those before it: a detail of few pixels, such as an eye, keeps its colour. The same picture gives the same
 * palette, on the CPU and on the GPU.
 *
 *   const palette = ownPalette(elf, 64, 64, 24);
 *   const dwarfInHerColours = snapToPalette(dwarf, 64, 64, palette);
 *
 * Source: Gonzalez 1985, "Clustering to minimize the maximum intercluster distance", for the start; Lloyd 1982, "Least squares
 * quantization in PCM", for what follows.
 * @param pixels     RGB or RGBA bytes, sRGB; where alpha is below 128 they do not count
 * @param numColours 2 to 256
 * @returns          `#rrggbb`; fewer colours where the picture has no more, and none where all is transparent
 * @throws           RangeError when the bytes do not fit the size, or for another number of colours
 */
export function ownPalette(
  pixels: Uint8Array | Uint8ClampedArray,
  widthPx: number,
  heightPx: number,
  numColours: number,
): string[] {
  checkNumColours(numColours);
  const { labs, colours, counts } = samplesOf(pixels, widthPx, heightPx);
  if (colours.length === 0) return [];
  const centres = farthestColours(labs, counts, numColours);
  const groups = new Uint16Array(colours.length);
  for (let round = 0; round < OWN_PALETTE.numRounds; round++) {
    for (let i = 0; i < groups.length; i++) groups[i] = nearestCentre(labs, i, centres);
    moveToMeans(centres, labs, counts, groups);
  }
  return medoids(centres, labs, groups).map((i) => `#${colours[i]!.toString(16).padStart(6, '0')}`);
}

/** @throws RangeError for a number of colours that no palette has */
export function checkNumColours(numColours: number): void {
  if (!Number.isInteger(numColours)) {
    throw new RangeError(`ownPalette: colours is ${quote(numColours)}; expected a whole number`);
  }
  checkRange('ownPalette', 'colours', numColours, ...PIXEL_ART_BOUNDS.colours);
}

/** The different colours of a picture's grid, in the order in which they are met. */
interface Samples {
  /** Three whole numbers of Oklab for each. */
  labs: Int32Array;
  /** The colours as numbers of 24 bits, red highest. */
  colours: number[];
  /** The number of pixels that have each colour. */
  counts: number[];
}

/** The grid along one side: how far its lines are apart, and how many there are. */
function gridOf(sizePx: number): { stepPx: number; numLines: number } {
  const stepPx = Math.ceil(sizePx / OWN_PALETTE.maxGridSide);
  return { stepPx, numLines: Math.floor(sizePx / stepPx) };
}

function samplesOf(pixels: Uint8Array | Uint8ClampedArray, widthPx: number, heightPx: number): Samples {
  const channels = channelsOf('ownPalette', pixels.length, widthPx, heightPx);
  const [columns, rows] = [gridOf(widthPx), gridOf(heightPx)];
  const numByColour = new Map<number, number>();
  for (let row = 0; row < rows.numLines; row++) {
    for (let column = 0; column < columns.numLines; column++) {
      const x = column * columns.stepPx + (columns.stepPx >> 1);
      const y = row * rows.stepPx + (rows.stepPx >> 1);
      const at = channels * (y * widthPx + x);
      if (channels === 4 && pixels[at + 3]! < OWN_PALETTE.minAlpha) continue;
      const [red, green, blue] = [pixels[at]!, pixels[at + 1]!, pixels[at + 2]!];
      const colour = (red << 16) | (green << 8) | blue;
      numByColour.set(colour, (numByColour.get(colour) ?? 0) + 1);
    }
  }
  const colours = [...numByColour.keys()];
  const labs = colours.flatMap((colour) => toWholeOklab(colour >> 16, (colour >> 8) & 255, colour & 255));
  return { labs: Int32Array.from(labs), colours, counts: [...numByColour.values()] };
}

const LIGHT_UNITS = 2 ** 16;
const WEIGHT_BITS = 14;
const LAB_UNITS = 2 ** 15;

/** Tables of `toWholeOklab`, for the GPU too: the light of each byte, and the two matrices, in whole numbers. */
export const WHOLE_LIGHT: readonly number[] = Array.from({ length: 256 }, (_, byte) =>
  Math.round(LIGHT_UNITS * linearLight(byte)),
);
export const WHOLE_LMS = RGB_TO_LMS.map(wholeWeights);
export const WHOLE_OKLAB = ROOTS_TO_OKLAB.map(wholeWeights);

function wholeWeights(row: Oklab): Oklab {
  return row.map((weight) => Math.round(2 ** WEIGHT_BITS * weight)) as unknown as Oklab;
}

/**
 * Oklab in units of 2^−15, from whole numbers alone: their sums are the same in any order, and so the GPU finds the same
 * groups. Light, weights, roots and results are chosen so that all fits into 32 bits, and squared distances too.
 *
 * @param red green, blue: whole numbers 0 … 255
 */
export function toWholeOklab(red: number, green: number, blue: number): Oklab {
  const light = [WHOLE_LIGHT[red]!, WHOLE_LIGHT[green]!, WHOLE_LIGHT[blue]!] as const;
  const roots = WHOLE_LMS.map((row) => wholeRoot(dotOf(row, light))) as unknown as Oklab;
  return WHOLE_OKLAB.map((row) => dotOf(row, roots) >> WEIGHT_BITS) as unknown as Oklab;
}

/** The cube root, in units of 2^−15, of a number in units of 2^−30: the greatest whose cube is not above it. */
function wholeRoot(value: number): number {
  let root = Math.floor(32 * Math.cbrt(value)) + 1;
  while (Math.floor(root ** 3 / LAB_UNITS) > value) root--;
  return root;
}

/** The colour farthest from the mean, then the farthest from all that are there, again and again; as Oklab, one after another. */
function farthestColours(labs: Int32Array, counts: readonly number[], numColours: number): Int32Array {
  const mean = meanOf(labs, counts);
  const nearest = new Int32Array(labs.length / 3);
  for (let i = 0; i < nearest.length; i++) nearest[i] = squaredDistance(labs, i, mean, 0);
  let farthest = indexOfGreatest(nearest);
  const chosen = [farthest];
  for (let i = 0; i < nearest.length; i++) nearest[i] = squaredDistance(labs, i, labs, farthest);
  while (chosen.length < numColours) {
    farthest = indexOfGreatest(nearest);
    if (nearest[farthest] === 0) break; // every colour is there
    chosen.push(farthest);
    for (let i = 0; i < nearest.length; i++) {
      nearest[i] = Math.min(nearest[i]!, squaredDistance(labs, i, labs, farthest));
    }
  }
  return Int32Array.from(chosen.flatMap((i) => [...labs.subarray(3 * i, 3 * i + 3)]));
}

function indexOfGreatest(values: Int32Array): number {
  let greatest = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[greatest]!) greatest = i;
  return greatest;
}

function nearestCentre(labs: Int32Array, i: number, centres: Int32Array): number {
  let nearest = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let group = 0; 3 * group < centres.length; group++) {
    const distance = squaredDistance(labs, i, centres, group);
    if (distance >= least) continue;
    nearest = group;
    least = distance;
  }
  return nearest;
}

/** Between the i-th colour of one list and the j-th of another; below 2^31. */
function squaredDistance(some: Int32Array, i: number, others: Int32Array, j: number): number {
  const lightness = some[3 * i]! - others[3 * j]!;
  const a = some[3 * i + 1]! - others[3 * j + 1]!;
  const b = some[3 * i + 2]! - others[3 * j + 2]!;
  return lightness * lightness + a * a + b * b;
}

function meanOf(labs: Int32Array, counts: readonly number[]): Int32Array {
  const mean = new Int32Array(3);
  moveToMeans(mean, labs, counts, new Uint16Array(counts.length));
  return mean;
}

/** A group that nothing is nearest to stays where it is. */
function moveToMeans(centres: Int32Array, labs: Int32Array, counts: readonly number[], groups: Uint16Array): void {
  const sums = new Float64Array(centres.length);
  const sizes = new Uint32Array(centres.length / 3);
  for (const [i, group] of groups.entries()) {
    sizes[group]! += counts[i]!;
    for (let c = 0; c < 3; c++) sums[3 * group + c]! += counts[i]! * labs[3 * i + c]!;
  }
  for (const [at, sum] of sums.entries()) {
    const size = sizes[Math.floor(at / 3)]!;
    if (size > 0) centres[at] = Math.trunc(sum / size);
  }
}

/** The member nearest to the centre of each group, the first where several are; groups without members have none. */
function medoids(centres: Int32Array, labs: Int32Array, groups: Uint16Array): number[] {
  const nearest = new Map<number, { i: number; distance: number }>();
  for (const [i, group] of groups.entries()) {
    const distance = squaredDistance(labs, i, centres, group);
    if (distance < (nearest.get(group)?.distance ?? Number.POSITIVE_INFINITY)) nearest.set(group, { i, distance });
  }
  return [...nearest].sort(([a], [b]) => a - b).map(([, { i }]) => i);
}
