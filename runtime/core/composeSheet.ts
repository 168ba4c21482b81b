import { channelsOf, type PixelImage } from './pixels.ts';

/**
 * Lays tiles of one size side by side, left to right, top to bottom. Places without a tile stay 0: transparent or black.
 *
 * @param tiles    RGB or RGBA bytes of each tile, all alike
 * @param columns  tiles in a row; fewer when there are fewer tiles
 * @returns        the sheet, with the channels of the tiles
 * @throws         RangeError when there is no tile, or one differs in size
 */
export function composeSheet(
  tiles: readonly (Uint8Array | Uint8ClampedArray)[],
  columns: number,
  widthPx: number,
  heightPx: number,
): PixelImage {
  const first = tiles[0];
  if (!first) throw new RangeError('composeSheet: there are no tiles; expected at least one');
  if (!Number.isInteger(columns) || columns < 1) {
    throw new RangeError(`composeSheet: columns is ${columns}; expected a whole number from 1`);
  }
  const channels = channelsOf('composeSheet', first.length, widthPx, heightPx);
  const across = Math.min(columns, tiles.length);
  const width = across * widthPx;
  const height = Math.ceil(tiles.length / across) * heightPx;
  const pixels = new Uint8Array(width * height * channels);
  const rowBytes = widthPx * channels;
  for (const [index, tile] of tiles.entries()) {
    if (tile.length !== first.length) {
      throw new RangeError(`composeSheet: tile ${index} has ${tile.length} bytes; expected ${first.length}, as tile 0`);
    }
    const top = Math.floor(index / across) * heightPx;
    const left = (index % across) * widthPx;
    for (let y = 0; y < heightPx; y++) {
      pixels.set(tile.subarray(y * rowBytes, (y + 1) * rowBytes), ((top + y) * width + left) * channels);
    }
  }
  return { width, height, channels, pixels };
}
