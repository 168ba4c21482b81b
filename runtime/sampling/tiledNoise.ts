import { normals } from '../core/random.ts';
import type { Tiles } from '../networks/windows.ts';

/** Share of the variance that all tiles of a picture have in common: less, and each looks like another material. */
export const COMMON_SHARE = 0.85;

/** From here on streams are of what each tile has to itself. */
const OWN_STREAMS = 2 ** 31;

/**
 * Standard normal values of a picture of several tiles: a part that is the same in all, which makes it one material, and a
 * part of each tile's own, by which it does not repeat. One tile has its noise alone.
 *
 * Source: the mixed noise of Ge et al. 2023, arXiv:2305.10474, section 4.1, there for the frames of a video.
 * @param stream 0 … 2^31 − 1
 * @param shape  (h, w, c) of the picture, divisible by the tiles
 * @returns      float32 (h, w, c); any two tiles correlate by COMMON_SHARE
 */
export function tiledNormals(
  seed: number,
  stream: number,
  [height, width, channels]: readonly [number, number, number],
  [down, across]: Tiles,
): Float32Array {
  const size = height * width * channels;
  const tile = normals(seed, stream, size / (down * across));
  if (down * across === 1) return tile;
  const values = normals(seed, OWN_STREAMS + stream, size);
  const [common, own] = [Math.sqrt(COMMON_SHARE), Math.sqrt(1 - COMMON_SHARE)];
  const [tileHeight, rowSize] = [height / down, (width / across) * channels];
  for (let i = 0; i < size; i++) {
    const row = Math.floor(i / (width * channels)) % tileHeight;
    values[i] = common * tile[row * rowSize + (i % rowSize)]! + own * values[i]!;
  }
  return values;
}
