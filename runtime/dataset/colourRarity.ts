import { toPremultiplied } from '../core/pixels.ts';
import type { Dataset } from './dataset.ts';

/** Levels that are told apart of red, green and blue, in bits each; of alpha it is one bit. */
const BITS = 5;
const NUM_COLOURS = 2 ** (3 * BITS + 1);

/** λ: how much of an even distribution is mixed with that of the data, so that the rarest colours do not count without bound. */
const EVEN_SHARE = 0.5;

/** How much each colour counts beside others, by how rarely pictures have it. */
export type ColourRarity = Float32Array;

/**
 * Colours by how rare they are: 1 / ((1 − λ) · p + λ / Q) for the share p that a colour has of all pixels, Q colours in all and
 * λ = ½. A pixel of an iris counts as much as dozens of skin.
 *
 * Source: class rebalancing, Zhang et al. 2016, arXiv:1603.08511, eq. (4), without the smoothing of p: pixel art has few colours.
 * @param indices the pictures that are counted
 */
export function colourRarity(
  { images, channels, widthPx, heightPx }: Pick<Dataset, 'images' | 'channels' | 'widthPx' | 'heightPx'>,
  indices: Int32Array,
): ColourRarity {
  const length = widthPx * heightPx * channels;
  const picture = new Float32Array(length);
  const counts = new Float64Array(NUM_COLOURS);
  for (const index of indices) {
    toPremultiplied(images.subarray(index * length, (index + 1) * length), channels, picture);
    for (let i = 0; i < length; i += channels) counts[colourOf(picture, i, channels)]! += 1;
  }
  const numPixels = indices.length * widthPx * heightPx;
  const numColours = counts.reduce((sum, count) => sum + Number(count > 0), 0);
  return Float32Array.from(counts, (count) => 1 / (((1 - EVEN_SHARE) * count) / numPixels + EVEN_SHARE / numColours));
}

/**
 * How much each pixel of pictures counts, by the rarity of its colour: 1 on average within each picture, so that all pictures
 * count alike, those in odd colours too.
 *
 * @param pictures float32 (B, H, W, C) in [−1, 1], premultiplied
 * @param length   values of one picture, H · W · C
 * @returns        float32 (B, H, W)
 */
export function pixelRarity(
  rarity: ColourRarity,
  pictures: Float32Array,
  length: number,
  channels: number,
): Float32Array {
  const weights = new Float32Array(pictures.length / channels);
  const numPixels = length / channels;
  for (let start = 0; start < weights.length; start += numPixels) {
    const own = weights.subarray(start, start + numPixels);
    let sum = 0;
    for (let i = 0; i < numPixels; i++) sum += own[i] = rarity[colourOf(pictures, (start + i) * channels, channels)]!;
    for (let i = 0; i < numPixels; i++) own[i]! *= numPixels / sum;
  }
  return weights;
}

/** The place of a pixel's colour among all; maps besides colour and alpha do not matter. */
function colourOf(values: Float32Array, at: number, channels: number): number {
  const numColours = Math.min(channels, 3);
  let colour = channels === 4 && values[at + 3]! < 0 ? 1 : 0;
  for (let c = 0; c < numColours; c++) {
    const level = Math.round(((values[at + c]! + 1) / 2) * (2 ** BITS - 1));
    colour = colour * 2 ** BITS + Math.min(Math.max(level, 0), 2 ** BITS - 1);
  }
  return colour;
}
