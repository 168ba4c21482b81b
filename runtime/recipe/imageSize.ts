import { MAX_SIDE_PX } from '../core/samplingBounds.ts';

/** The size of the pictures to make; what is absent is the model's own. */
export interface ImageSize {
  widthPx?: number;
  heightPx?: number;
  /** Width and height alike. */
  sizePx?: number;
}

/** What a model says of the size of its pictures. */
export interface TileSize {
  readonly name: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly circularPadding: boolean;
}

/** The widest layer of a decoder with 32 channels takes 128 MiB then, the largest buffer that every WebGPU device has. */
const MAX_PIXELS = 2 ** 20;

/**
 * The size that is asked of a model. One whose convolutions wrap makes any multiple of its tile: the grid of latents grows,
 * and the edges still meet. Others make their own size alone.
 *
 * @throws RangeError when the model does not make that size
 */
export function imageSize(model: TileSize, size: ImageSize): [widthPx: number, heightPx: number] {
  const asked = askedSize(model, size);
  const problem = contradiction(size) ?? imageSizeProblem(model, ...asked);
  if (problem) throw new RangeError(`generate: ${problem}`);
  return asked;
}

/** The size that is asked for, whether the model makes it or not. */
export function askedSize(
  model: TileSize,
  { widthPx, heightPx, sizePx }: ImageSize,
): [widthPx: number, heightPx: number] {
  return [widthPx ?? sizePx ?? model.widthPx, heightPx ?? sizePx ?? model.heightPx];
}

/** Why `sizePx` does not go with the other two; undefined when it does. */
export function contradiction({ widthPx, heightPx, sizePx }: ImageSize): string | undefined {
  if (sizePx === undefined) return undefined;
  if ([widthPx, heightPx].every((other) => other === undefined || other === sizePx)) return undefined;
  return `sizePx is ${sizePx}, and the size ${widthPx ?? sizePx}×${heightPx ?? sizePx}; give one of them`;
}

/** Why a model does not make this size; undefined when it does. */
export function imageSizeProblem(model: TileSize, widthPx: number, heightPx: number): string | undefined {
  const { name, widthPx: tileWidth, heightPx: tileHeight, circularPadding } = model;
  if (widthPx === tileWidth && heightPx === tileHeight) return undefined;
  const asked = `the size is ${widthPx}×${heightPx}`;
  if (!circularPadding) {
    return `${asked}, but ${name} makes ${tileWidth}×${tileHeight} alone: only a model with circular padding makes others`;
  }
  if (!isMultiple(widthPx, tileWidth) || !isMultiple(heightPx, tileHeight)) {
    const example = `${2 * tileWidth}×${tileHeight}`;
    return `${asked}; expected multiples of ${name}'s tile of ${tileWidth}×${tileHeight}, as ${example}`;
  }
  if (Math.max(widthPx, heightPx) > MAX_SIDE_PX || widthPx * heightPx > MAX_PIXELS) {
    return `${asked}; expected at most ${MAX_SIDE_PX} a side and ${MAX_PIXELS} pixels in all`;
  }
  return undefined;
}

function isMultiple(sizePx: number, tilePx: number): boolean {
  return Number.isInteger(sizePx) && sizePx > 0 && sizePx % tilePx === 0;
}
