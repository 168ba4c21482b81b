import { lightToOklab, linearLight, type Oklab, toOklab } from './palette.ts';

/** The light of each byte. */
const LIGHT = Float64Array.from({ length: 256 }, (_, byte) => linearLight(byte));

/**
 * Gives every pixel the colour that it is most likely meant to be: of those given the one of the least squared distance in
 * Oklab and cost, and keeps its alpha. Transparent pixels stay as they are.
 *
 * Source: see `paletteCosts`.
 * @param pixels  RGBA bytes, sRGB
 * @param colours (n, 3) bytes, sRGB
 * @param costs   (n), squared distances in Oklab; 0 or more
 * @returns       as many bytes as `pixels`
 * @throws        RangeError when the bytes are no whole pixels, or there is not one cost for each colour
 */
export function likeliestColours(
  pixels: Uint8Array | Uint8ClampedArray,
  colours: Uint8Array,
  costs: Float32Array,
): Uint8Array<ArrayBuffer> {
  const numColours = colours.length / 3;
  if (pixels.length % 4 !== 0 || numColours !== costs.length || numColours === 0) {
    throw new RangeError(
      `likeliestColours: ${pixels.length} bytes, ${numColours} colours and ${costs.length} costs; expected whole pixels of 4 bytes, and a cost for each colour`,
    );
  }
  // The cheapest come first: once a cost alone is more than the best found, no other colour is better.
  const order = inRisingOrder(costs);
  const labs = Float32Array.from(
    order.flatMap((i) => [...toOklab(colours[3 * i]!, colours[3 * i + 1]!, colours[3 * i + 2]!)]),
  );
  const sorted = Float32Array.from(order, (i) => costs[i]!);
  const result = Uint8Array.from(pixels);
  for (let at = 0; at < pixels.length; at += 4) {
    if (pixels[at + 3] === 0) continue;
    const own = lightToOklab(LIGHT[pixels[at]!]!, LIGHT[pixels[at + 1]!]!, LIGHT[pixels[at + 2]!]!);
    const colour = 3 * order[likeliest(own, labs, sorted)]!;
    for (let channel = 0; channel < 3; channel++) result[at + channel] = colours[colour + channel]!;
  }
  return result;
}

/** The places of costs, the least first; of equal ones the first. */
export function inRisingOrder(costs: Float32Array): number[] {
  return [...costs.keys()].sort((i, j) => costs[i]! - costs[j]!);
}

/** @param costs in rising order */
function likeliest([lightness, a, b]: Oklab, labs: Float32Array, costs: Float32Array): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < costs.length && costs[i]! < least; i++) {
    const distance = (lightness - labs[3 * i]!) ** 2 + (a - labs[3 * i + 1]!) ** 2 + (b - labs[3 * i + 2]!) ** 2;
    if (distance + costs[i]! >= least) continue;
    least = distance + costs[i]!;
    best = i;
  }
  return best;
}
