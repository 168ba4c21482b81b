import type { FigmentEntry } from '../weights/modelIndex.ts';

/** The size of the pictures to make; what is absent is the model's own. */
export interface ImageSize {
  widthPx?: number;
  heightPx?: number;
}

/** What a model says of the size of its pictures. */
export type TileSize = Pick<FigmentEntry, 'name' | 'widthPx' | 'heightPx' | 'circularPadding'>;

const MAX_SIDE_PX = 2048;
/** The widest layer of a decoder with 32 channels takes 128 MiB then, the largest buffer that every WebGPU device has. */
const MAX_PIXELS = 2 ** 20;

/**
 * The size that is asked of a model. One whose convolutions wrap makes any multiple of its tile: the grid of latents grows,
 * and the edges still meet. Others make their own size alone.
 *
 * @throws RangeError when the model does not make that size
 */
export function imageSize(model: TileSize, size: ImageSize): [widthPx: number, heightPx: number] {
  const { name, widthPx: tileWidth, heightPx: tileHeight } = model;
  const { widthPx = tileWidth, heightPx = tileHeight } = size;
  if (widthPx === tileWidth && heightPx === tileHeight) return [widthPx, heightPx];
  const asked = `generate: the size is ${widthPx}×${heightPx}`;
  if (!model.circularPadding) {
    throw new RangeError(
      `${asked}, but ${name} makes ${tileWidth}×${tileHeight} alone: only a model with circular padding makes others`,
    );
  }
  if (!isMultiple(widthPx, tileWidth) || !isMultiple(heightPx, tileHeight)) {
    const example = `${2 * tileWidth}×${tileHeight}`;
    throw new RangeError(`${asked}; expected multiples of ${name}'s tile of ${tileWidth}×${tileHeight}, as ${example}`);
  }
  if (Math.max(widthPx, heightPx) > MAX_SIDE_PX || widthPx * heightPx > MAX_PIXELS) {
    throw new RangeError(`${asked}; expected at most ${MAX_SIDE_PX} a side and ${MAX_PIXELS} pixels in all`);
  }
  return [widthPx, heightPx];
}

function isMultiple(sizePx: number, tilePx: number): boolean {
  return Number.isInteger(sizePx) && sizePx > 0 && sizePx % tilePx === 0;
}
