// The grain that an auto-encoder loses, found by comparing pictures with what it makes of them.
import { MATERIAL_CHANNELS } from '../core/channelNames.ts';
import { fourier, frequencyAt, newSpectrum, type Spectrum } from './fourier.ts';
import { dominantVector, type HermitianMatrix } from './hermitian.ts';

/** Pictures of one label, and what the auto-encoder makes of each. */
export interface TextonData {
  /** (H, W, channels) of one picture. */
  shape: [number, number, number];
  /** (N, H, W, channels), −1 … 1. */
  real: Float32Array;
  /** The same pictures, encoded and decoded. */
  decoded: Float32Array;
}

export interface FitTextonOptions {
  /** The side of the texton in pixels, odd. */
  side: number;
  /** The share of blocks, the quietest ones, in which grain is measured: what else is lost, such as edges, is in the others. */
  quietShare: number;
}

export const FIT_TEXTON_DEFAULTS: FitTextonOptions = { side: 11, quietShare: 0.25 };

/** The side of a block in pixels, and how slow waves may be that count as grain, in turns a pixel: from none to all of one. */
const BLOCK = 32;
const [SLOWEST, FAST] = [0.06, 0.14];

/** Of a material, the channels that have grain: what is metal is so wholly, and what is not, is not. */
const numGrainy = (channels: number) => (channels === MATERIAL_CHANNELS ? channels - 1 : channels);

/**
 * The texton of the grain that decoded pictures lack. Of the quietest blocks of pictures (in videos grain is measured in flat blocks
 * as well: Norkin & Birkbeck 2018, "Film grain synthesis for AV1 video codec", section 3) the spectra of all channels and between
 * them are averaged, S(f) = E[F(f) F(f)*], before and after the auto-encoder. What it loses, S_real − S_decoded, is taken for that
 * of one white noise, filtered for each channel by h(f): h h* is the nearest matrix of rank one, its largest eigenvalue and vector.
 * Phases are chosen so that the brightness of the grain follows the noise; its transform, cut out around the middle, is the texton.
 *
 * @returns (side, side, channels)
 * @throws  RangeError for pictures smaller than the texton
 */
export function fitTexton(data: TextonData, options: Partial<FitTextonOptions> = {}): Float32Array {
  const { side, quietShare } = { ...FIT_TEXTON_DEFAULTS, ...options };
  const [height, width, channels] = data.shape;
  const block = Math.min(BLOCK, height, width);
  if (block < side) {
    throw new RangeError(
      `fitTexton: pictures are ${width}×${height}; expected at least ${side}×${side}, as large as a texton`,
    );
  }
  const places = quietBlocks(data, block, quietShare);
  const lost = lostSpectra(data, places, block);
  const filters = filtersOf(lost, block, numGrainy(channels));
  return cutOut(filters, { block, side, channels });
}

/** The places of the first pixels of the blocks that change least from pixel to pixel. */
function quietBlocks({ real, shape }: TextonData, block: number, share: number): number[] {
  const [height, width, channels] = shape;
  const blocks: { place: number; change: number }[] = [];
  for (let picture = 0; picture < real.length; picture += height * width * channels) {
    for (let y = 0; y + block <= height; y += block) {
      for (let x = 0; x + block <= width; x += block) {
        const place = picture + (y * width + x) * channels;
        blocks.push({ place, change: changeWithin(real, place, shape, block) });
      }
    }
  }
  blocks.sort((a, b) => a.change - b.change);
  return blocks.slice(0, Math.ceil(share * blocks.length)).map(({ place }) => place);
}

/** The squares of differences between neighbouring colours of a block, added up. */
function changeWithin(
  values: Float32Array,
  place: number,
  [, width, channels]: TextonData['shape'],
  block: number,
): number {
  let sum = 0;
  for (let y = 0; y < block - 1; y++) {
    for (let x = 0; x < block - 1; x++) {
      const at = place + (y * width + x) * channels;
      for (let channel = at; channel < at + 3; channel++) {
        sum += (values[channel + channels]! - values[channel]!) ** 2;
        sum += (values[channel + width * channels]! - values[channel]!) ** 2;
      }
    }
  }
  return sum;
}

/** S_real − S_decoded of each frequency. */
function lostSpectra(
  { real, decoded, shape }: TextonData,
  places: readonly number[],
  block: number,
): HermitianMatrix[] {
  const channels = numGrainy(shape[2]);
  const lost = Array.from({ length: block * block }, () => newSpectrum(channels * channels));
  const hann = hannWindow(block);
  for (const [values, sign] of [
    [real, 1],
    [decoded, -1],
  ] as const) {
    for (const place of places) {
      const spectra = Array.from({ length: channels }, (_, channel) =>
        fourier(windowed(values, place + channel, shape, hann), block),
      );
      addProducts(lost, spectra, sign / (places.length * block * block));
    }
  }
  return lost;
}

/** Adds factor · F F* of each frequency. */
function addProducts(sums: readonly HermitianMatrix[], spectra: readonly Spectrum[], factor: number): void {
  for (const [f, { re, im }] of sums.entries()) {
    for (const [i, a] of spectra.entries()) {
      for (const [j, b] of spectra.entries()) {
        re[i * spectra.length + j]! += factor * (a.re[f]! * b.re[f]! + a.im[f]! * b.im[f]!);
        im[i * spectra.length + j]! += factor * (a.im[f]! * b.re[f]! - a.re[f]! * b.im[f]!);
      }
    }
  }
}

/** Hann's window, whose squares are 1 in the mean over a square. */
function hannWindow(block: number): Float64Array {
  return Float64Array.from({ length: block }, (_, k) => Math.sqrt(8 / 3) * Math.sin((Math.PI * k) / block) ** 2);
}

/** One channel of a block, less its mean, times the window. */
function windowed(
  values: Float32Array,
  first: number,
  [, width, channels]: TextonData['shape'],
  hann: Float64Array,
): Spectrum {
  const side = hann.length;
  const square = newSpectrum(side * side);
  for (let i = 0; i < side * side; i++) {
    square.re[i] = values[first + (Math.floor(i / side) * width + (i % side)) * channels]!;
  }
  const mean = square.re.reduce((sum, value) => sum + value, 0) / square.re.length;
  for (let i = 0; i < side * side; i++)
    square.re[i] = (square.re[i]! - mean) * hann[Math.floor(i / side)]! * hann[i % side]!;
  return square;
}

/** For each channel the filter that makes of white noise what is lost. */
function filtersOf(lost: readonly HermitianMatrix[], block: number, channels: number): Spectrum[] {
  const filters = Array.from({ length: channels }, () => newSpectrum(block * block));
  for (const [f, matrix] of lost.entries()) {
    const share = Math.min(Math.max((frequencyAt(f, block) - SLOWEST) / (FAST - SLOWEST), 0), 1);
    if (share === 0) continue;
    const vector = turnedBright(dominantVector(matrix, channels));
    for (const [channel, filter] of filters.entries()) {
      filter.re[f] = Math.sqrt(share) * vector.re[channel]!;
      filter.im[f] = Math.sqrt(share) * vector.im[channel]!;
    }
  }
  return filters;
}

/** The vector times a number of length 1 that makes the sum of its colours real, and 0 or more. */
function turnedBright({ re, im }: Spectrum): Spectrum {
  const [sumRe, sumIm] = [re, im].map((part) => part[0]! + part[1]! + part[2]!) as [number, number];
  const length = Math.hypot(sumRe, sumIm);
  if (length === 0) return { re, im };
  const [cos, sin] = [sumRe / length, sumIm / length];
  return {
    re: re.map((value, i) => value * cos + im[i]! * sin),
    im: im.map((value, i) => value * cos - re[i]! * sin),
  };
}

/**
 * The filters as pictures, with what is around their first pixel in the middle. A texton is convolved with noise by a
 * cross-correlation, so that it is stored turned around.
 */
function cutOut(
  filters: readonly Spectrum[],
  { block, side, channels }: { block: number; side: number; channels: number },
): Float32Array {
  const texton = new Float32Array(side * side * channels);
  const middle = (side - 1) / 2;
  for (const [channel, filter] of filters.entries()) {
    const { re } = fourier(filter, block, 1);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const [v, u] = [middle - y, middle - x].map((k) => (k + block) % block) as [number, number];
        texton[(y * side + x) * channels + channel] = re[v * block + u]! / block ** 2;
      }
    }
  }
  return texton;
}
