import { quote } from '../core/errors.ts';
import { dotOf, linearLight, type Oklab, RGB_TO_LMS, ROOTS_TO_OKLAB } from './palette.ts';
import { channelsOf, checkRange } from './plane.ts';

/** What makes a palette, in the words that the GPU's pass shares. */
export const OWN_PALETTE = {
  /** Larger pictures are looked at on a grid that is at most so wide and high. */
  maxGridSide: 128,
  /** Pixels of a smaller alpha do not count. */
  minAlpha: 128,
  minColours: 2,
  maxColours: 256,
  /** How often the pixels are grouped anew around the means of their groups. */
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
  const samples = samplesOf(pixels, widthPx, heightPx);
  if (samples.length === 0) return [];
  const centres = farthestColours(samples, numColours);
  const groups = new Uint16Array(samples.length);
  for (let round = 0; round < OWN_PALETTE.numRounds; round++) {
    for (const [i, { lab }] of samples.entries()) groups[i] = nearestCentre(lab, centres);
    moveToMeans(centres, samples, groups);
  }
  return medoids(centres, samples, groups).map(({ rgb }) => `#${rgb.toString(16).padStart(6, '0')}`);
}

/** @throws RangeError for a number of colours that no palette has */
export function checkNumColours(numColours: number): void {
  if (!Number.isInteger(numColours)) {
    throw new RangeError(`ownPalette: colours is ${quote(numColours)}; expected a whole number`);
  }
  checkRange('ownPalette', 'colours', numColours, OWN_PALETTE.minColours, OWN_PALETTE.maxColours);
}

interface Sample {
  lab: Oklab;
  /** The colour as 24 bits. */
  rgb: number;
}

/** The grid along one side: how far its lines are apart, and how many there are. */
function gridOf(sizePx: number): { stepPx: number; numLines: number } {
  const stepPx = Math.ceil(sizePx / OWN_PALETTE.maxGridSide);
  return { stepPx, numLines: Math.floor(sizePx / stepPx) };
}

function samplesOf(pixels: Uint8Array | Uint8ClampedArray, widthPx: number, heightPx: number): Sample[] {
  const channels = channelsOf('ownPalette', pixels.length, widthPx, heightPx);
  const [columns, rows] = [gridOf(widthPx), gridOf(heightPx)];
  const known = new Map<number, Oklab>();
  const samples: Sample[] = [];
  for (let row = 0; row < rows.numLines; row++) {
    for (let column = 0; column < columns.numLines; column++) {
      const x = column * columns.stepPx + (columns.stepPx >> 1);
      const y = row * rows.stepPx + (rows.stepPx >> 1);
      const at = channels * (y * widthPx + x);
      if (channels === 4 && pixels[at + 3]! < OWN_PALETTE.minAlpha) continue;
      const [red, green, blue] = [pixels[at]!, pixels[at + 1]!, pixels[at + 2]!];
      const rgb = (red << 16) | (green << 8) | blue;
      const lab = known.get(rgb) ?? toWholeOklab(red, green, blue);
      known.set(rgb, lab);
      samples.push({ lab, rgb });
    }
  }
  return samples;
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

/** The colour farthest from the mean, then the farthest from all that are there, again and again. */
function farthestColours(samples: readonly Sample[], numColours: number): Oklab[] {
  const mean = meanOf(samples);
  let nearest = samples.map(({ lab }) => squaredDistance(lab, mean));
  const centres = [samples[indexOfGreatest(nearest)]!.lab];
  nearest = samples.map(({ lab }) => squaredDistance(lab, centres[0]!));
  while (centres.length < numColours) {
    const farthest = indexOfGreatest(nearest);
    if (nearest[farthest] === 0) break; // every colour is there
    const centre = samples[farthest]!.lab;
    centres.push(centre);
    for (const [i, { lab }] of samples.entries()) nearest[i] = Math.min(nearest[i]!, squaredDistance(lab, centre));
  }
  return centres;
}

function indexOfGreatest(values: readonly number[]): number {
  let greatest = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[greatest]!) greatest = i;
  return greatest;
}

function nearestSample(samples: readonly Sample[], lab: Oklab): Sample {
  let nearest = samples[0]!;
  for (const sample of samples) {
    if (squaredDistance(sample.lab, lab) < squaredDistance(nearest.lab, lab)) nearest = sample;
  }
  return nearest;
}

function nearestCentre(lab: Oklab, centres: readonly Oklab[]): number {
  let nearest = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < centres.length; i++) {
    const distance = squaredDistance(lab, centres[i]!);
    if (distance < least) [nearest, least] = [i, distance];
  }
  return nearest;
}

function squaredDistance(a: Oklab, b: Oklab): number {
  return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
}

/** A group that nothing is nearest to stays where it is. */
function moveToMeans(centres: Oklab[], samples: readonly Sample[], groups: Uint16Array): void {
  for (const [i, members] of membersOf(centres.length, samples, groups).entries()) {
    if (members.length > 0) centres[i] = meanOf(members);
  }
}

function meanOf(samples: readonly Sample[]): Oklab {
  const sums = [0, 0, 0];
  for (const { lab } of samples) for (let c = 0; c < 3; c++) sums[c]! += lab[c]!;
  return sums.map((sum) => Math.trunc(sum / samples.length)) as unknown as Oklab;
}

function medoids(centres: readonly Oklab[], samples: readonly Sample[], groups: Uint16Array): Sample[] {
  return membersOf(centres.length, samples, groups).flatMap((members, i) =>
    members.length > 0 ? [nearestSample(members, centres[i]!)] : [],
  );
}

function membersOf(numGroups: number, samples: readonly Sample[], groups: Uint16Array): Sample[][] {
  const members: Sample[][] = Array.from({ length: numGroups }, () => []);
  for (const [i, sample] of samples.entries()) members[groups[i]!]!.push(sample);
  return members;
}
