import { lightToOklab, linearLight, type Oklab } from './palette.ts';

/** The colours that a picture may have, what each costs, and what decides between them: see `PalettePrior`. */
export interface PictureColours {
  /** (n, 3): sRGB bytes. */
  colours: Uint8Array;
  /** (n), squared distances in Oklab: see `paletteCosts`. */
  costs: Float32Array;
  /** The standard deviation in Oklab. */
  deviation: number;
  /** 0 … 1. */
  sure: number;
}

/** A colour that is e^−20 times as likely as another one counts as impossible. */
const LEAST_LOGARITHM = -20;

/** The light of each byte. */
const LIGHT = Float64Array.from({ length: 256 }, (_, byte) => linearLight(byte));

/**
 * Gives every pixel the colour that is to be expected where it was decoded, and keeps its alpha: the mean of the colours c by how
 * likely each was meant,
 *
 *   p(c | x) ∝ exp(−(‖x − c‖² + cost(c)) / 2 σ²)
 *
 * in Oklab. Where the likeliest is likelier than `sure` the pixel gets that one, so that flat areas are flat. Transparent pixels stay.
 *
 * Source: Bishop 2006, Pattern Recognition and Machine Learning, section 1.5.5: the estimate of least squared error; and see
 * `paletteCosts`.
 * @param pixels RGBA bytes, sRGB
 * @returns      as many bytes as `pixels`
 * @throws       RangeError when the bytes are no whole pixels, or there is not one cost for each colour
 */
export function expectedColours(
  pixels: Uint8Array | Uint8ClampedArray,
  { colours, costs, deviation, sure }: PictureColours,
): Uint8Array<ArrayBuffer> {
  const numColours = colours.length / 3;
  if (pixels.length % 4 !== 0 || numColours !== costs.length || numColours === 0) {
    throw new RangeError(
      `expectedColours: ${pixels.length} bytes, ${numColours} colours and ${costs.length} costs; expected whole pixels of 4 bytes, and a cost for each colour`,
    );
  }
  const labs = new Float64Array(3 * numColours);
  for (let at = 0; at < colours.length; at += 3) labs.set(oklabAt(colours, at), at);
  const totals = new Float64Array(numColours);
  const result = Uint8Array.from(pixels);
  for (let at = 0; at < pixels.length; at += 4) {
    if (pixels[at + 3] === 0) continue;
    const best = addUp(oklabAt(pixels, at), labs, costs, totals);
    const weights = sure > 0 ? weigh(totals, totals[best]!, 2 * deviation ** 2) : 1;
    if (1 / weights >= sure) result.set(colours.subarray(3 * best, 3 * best + 3), at);
    else writeMean(colours, totals, weights, result, at);
  }
  return result;
}

function oklabAt(bytes: ArrayLike<number>, at: number): Oklab {
  return lightToOklab(LIGHT[bytes[at]!]!, LIGHT[bytes[at + 1]!]!, LIGHT[bytes[at + 2]!]!);
}

/** Writes each colour's squared distance and cost into `totals`, and returns the place of the least. */
function addUp([lightness, a, b]: Oklab, labs: Float64Array, costs: Float32Array, totals: Float64Array): number {
  let best = 0;
  for (let i = 0; i < totals.length; i++) {
    const distance = (lightness - labs[3 * i]!) ** 2 + (a - labs[3 * i + 1]!) ** 2 + (b - labs[3 * i + 2]!) ** 2;
    totals[i] = distance + costs[i]!;
    if (totals[i]! < totals[best]!) best = i;
  }
  return best;
}

/** Turns totals into weights, of which the likeliest colour has 1, and returns their sum. */
function weigh(totals: Float64Array, least: number, twiceVariance: number): number {
  let sum = 0;
  for (let i = 0; i < totals.length; i++) {
    const logarithm = (least - totals[i]!) / twiceVariance;
    totals[i] = logarithm < LEAST_LOGARITHM ? 0 : Math.exp(logarithm);
    sum += totals[i]!;
  }
  return sum;
}

/** Writes the mean of the colours by weights of this sum as the pixel that begins at `at`. */
function writeMean(colours: Uint8Array, weights: Float64Array, sum: number, result: Uint8Array, at: number): void {
  for (let channel = 0; channel < 3; channel++) {
    let mean = 0;
    for (let i = 0; i < weights.length; i++) mean += weights[i]! * colours[3 * i + channel]!;
    result[at + channel] = Math.round(mean / sum);
  }
}
