import { lightToOklab, linearLight, type Oklab } from './palette.ts';

/** The colours that a picture may have, what each costs, and how far decoded colours lie from those meant. */
export interface PictureColours {
  /** (n, 3): sRGB bytes. */
  colours: Uint8Array;
  /** (n), squared distances in Oklab: see `paletteCosts`. */
  costs: Float32Array;
  /** The standard deviation in Oklab. */
  deviation: number;
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
 * in Oklab. That is one of the colours where there is no doubt, and lies between them where there is. Transparent pixels stay.
 *
 * Source: Bishop 2006, Pattern Recognition and Machine Learning, section 1.5.5: the estimate of least squared error; and see
 * `paletteCosts`.
 * @param pixels RGBA bytes, sRGB
 * @returns      as many bytes as `pixels`
 * @throws       RangeError when the bytes are no whole pixels, or there is not one cost for each colour
 */
export function expectedColours(
  pixels: Uint8Array | Uint8ClampedArray,
  { colours, costs, deviation }: PictureColours,
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
    const least = addUp(oklabAt(pixels, at), labs, costs, totals);
    writeMean(colours, totals, least, 2 * deviation ** 2, result, at);
  }
  return result;
}

function oklabAt(bytes: ArrayLike<number>, at: number): Oklab {
  return lightToOklab(LIGHT[bytes[at]!]!, LIGHT[bytes[at + 1]!]!, LIGHT[bytes[at + 2]!]!);
}

/** Writes each colour's squared distance and cost into `totals`, and returns the least. */
function addUp([lightness, a, b]: Oklab, labs: Float64Array, costs: Float32Array, totals: Float64Array): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < totals.length; i++) {
    const distance = (lightness - labs[3 * i]!) ** 2 + (a - labs[3 * i + 1]!) ** 2 + (b - labs[3 * i + 2]!) ** 2;
    const total = distance + costs[i]!;
    totals[i] = total;
    if (total < least) least = total;
  }
  return least;
}

/** Writes the mean of the colours by their probabilities as the pixel that begins at `at`. */
function writeMean(
  colours: Uint8Array,
  totals: Float64Array,
  least: number,
  twiceVariance: number,
  result: Uint8Array,
  at: number,
): void {
  const most = least - LEAST_LOGARITHM * twiceVariance;
  let [sum, red, green, blue] = [0, 0, 0, 0];
  for (let i = 0; i < totals.length; i++) {
    if (totals[i]! > most) continue;
    const weight = Math.exp((least - totals[i]!) / twiceVariance);
    sum += weight;
    red += weight * colours[3 * i]!;
    green += weight * colours[3 * i + 1]!;
    blue += weight * colours[3 * i + 2]!;
  }
  result[at] = Math.round(red / sum);
  result[at + 1] = Math.round(green / sum);
  result[at + 2] = Math.round(blue / sum);
}
