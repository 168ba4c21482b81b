import { type Oklab, toOklab } from '../core/oklab.ts';
import { type PalettePrior, UNLIKELY } from '../core/palettePrior.ts';

/** How many values an entry of a palette has. */
const ENTRY = 8;

/** The colours that a picture may have, and what decides between them: see `PalettePrior`. */
export interface PictureColours {
  /** (n, 8), the cheapest first: of each colour its Oklab, its cost, its red, green and blue (0 … 255), and 0. */
  entries: Float32Array;
  /** The standard deviation in Oklab. */
  deviation: number;
  /** 0 … 1. */
  sure: number;
}

/**
 * The colours of a palette with what each costs a picture.
 *
 * @param costs (n): see `paletteCosts`
 * @throws      RangeError when there is not one cost for each colour, or no colour
 */
export function pictureColours(
  { colours, deviation, sure }: Omit<PalettePrior, 'logits'>,
  costs: Float32Array,
): PictureColours {
  if (colours.length !== 3 * costs.length || costs.length === 0) {
    throw new RangeError(
      `pictureColours: ${colours.length / 3} colours and ${costs.length} costs; expected one for each`,
    );
  }
  const cheapestFirst = Array.from(costs.keys()).sort((one, other) => costs[one]! - costs[other]!);
  const entries = new Float32Array(ENTRY * costs.length);
  for (const [place, colour] of cheapestFirst.entries()) {
    entries.set(oklabAt(colours, 3 * colour), ENTRY * place);
    entries[ENTRY * place + 3] = costs[colour]!;
    entries.set(colours.subarray(3 * colour, 3 * colour + 3), ENTRY * place + 4);
  }
  return { entries, deviation, sure };
}

/**
 * Gives every pixel the colour that is to be expected where it was decoded, and keeps its alpha: the mean of the colours c by how
 * likely each was meant,
 *
 *   p(c | x) ∝ exp(−(‖x − c‖² + cost(c)) / 2 σ²)
 *
 * in Oklab, without those that are `UNLIKELY`. Where the likeliest is likelier than `sure` the pixel gets that one, so that flat areas are
 * flat. Transparent pixels stay.
 *
 * Source: Bishop 2006, Pattern Recognition and Machine Learning, section 1.5.5: the estimate of least squared error; and see
 * `paletteCosts`.
 * @param pixels RGBA bytes, sRGB
 * @returns      as many bytes as `pixels`
 * @throws       RangeError when the bytes are no whole pixels
 */
export function expectedColours(
  pixels: Uint8Array | Uint8ClampedArray,
  { entries, deviation, sure }: PictureColours,
): Uint8Array<ArrayBuffer> {
  if (pixels.length % 4 !== 0) {
    throw new RangeError(`expectedColours: ${pixels.length} bytes; expected whole pixels of 4`);
  }
  const twiceVariance = 2 * deviation ** 2;
  const sums = new Float64Array(4);
  const result = new Uint8Array(pixels);
  for (let at = 0; at < pixels.length; at += 4) {
    if (pixels[at + 3] === 0) continue;
    const own = oklabAt(pixels, at);
    const best = likeliest(own, entries);
    if (sure > 0) addUp(own, entries, totalOf(own, entries, best), twiceVariance, sums);
    const isMixed = sure * sums[3]! > 1; // the likeliest has the weight 1
    for (let channel = 0; channel < 3; channel++) {
      result[at + channel] = isMixed ? Math.round(sums[channel]! / sums[3]!) : entries[best + 4 + channel]!;
    }
  }
  return result;
}

function oklabAt(bytes: ArrayLike<number>, at: number): Oklab {
  return toOklab(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!);
}

/** The squared distance to a colour, and its cost. @param at where its entry begins */
function totalOf(own: Oklab, entries: Float32Array, at: number): number {
  const lightness = own[0] - entries[at]!;
  const a = own[1] - entries[at + 1]!;
  const b = own[2] - entries[at + 2]!;
  return lightness * lightness + a * a + b * b + entries[at + 3]!;
}

/** Where the entry of the likeliest colour begins: once a cost alone is more than the best found, no later colour is better. */
function likeliest(own: Oklab, entries: Float32Array): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at < entries.length && entries[at + 3]! < least; at += ENTRY) {
    const total = totalOf(own, entries, at);
    if (total >= least) continue;
    least = total;
    best = at;
  }
  return best;
}

/** Writes the sums of red, green and blue by weights, and that of the weights: once a cost alone is too much, every later one is. */
function addUp(own: Oklab, entries: Float32Array, least: number, twiceVariance: number, sums: Float64Array): void {
  const most = least - UNLIKELY * twiceVariance;
  sums.fill(0);
  for (let at = 0; at < entries.length && entries[at + 3]! <= most; at += ENTRY) {
    const total = totalOf(own, entries, at);
    if (total > most) continue;
    const weight = Math.exp((least - total) / twiceVariance);
    sums[0]! += weight * entries[at + 4]!;
    sums[1]! += weight * entries[at + 5]!;
    sums[2]! += weight * entries[at + 6]!;
    sums[3]! += weight;
  }
}
