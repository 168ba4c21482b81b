// How Winograd's convolutions keep what they transform: in planes, one for each place of a transformed tile.

/** Bytes from one plane to the next: a cache line more than it holds, or powers of two would meet in one cache set. */
@inline
export function planeBytes(rows: i32, columns: i32): usize {
  return (<usize>(rows * columns) << 2) + 64;
}

/** The address of a tile's first pixel in images (n, h, w, c) that are taken apart into tilesY × tilesX tiles each. */
@inline
export function tileAddress(
  images: usize, tile: i32, size: i32, tilesY: i32, tilesX: i32, h: i32, w: i32, c: i32,
): usize {
  const line = tile / tilesX;
  const row = line / tilesY * h + size * (line % tilesY);
  return images + (<usize>((row * w + size * (tile % tilesX)) * c) << 2);
}

/** How many of the `size` pixels of a row's or a column's tile lie within the image. */
@inline
export function pixelsWithin(tile: i32, size: i32, imageSize: i32): i32 {
  return min(size, imageSize - size * tile);
}

/**
 * Four neighbouring channels of tap `t`, 0 … 8, of a filter of `cout` channels: output channels, or with `transposed` input
 * channels of the tap opposite.
 */
export function tapsOf(p: usize, t: usize, tap: usize, cout: i32, transposed: bool): v128 {
  if (!transposed) return v128.load(p + t * tap);
  const step = <usize>cout << 2;
  p += (8 - t) * tap;
  let v = v128.load32_zero(p);
  v = v128.load_lane<f32>(p + step, v, 1);
  v = v128.load_lane<f32>(p + 2 * step, v, 2);
  return v128.load_lane<f32>(p + 3 * step, v, 3);
}
