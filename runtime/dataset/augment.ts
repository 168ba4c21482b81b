/**
 * Augmentations of one float32 HWC image: each reads `image`, writes all of `out` and allocates nothing; the two must be
 * different buffers. They hold for premultiplied values, since they move or swap whole values.
 */

export interface AugmentOptions {
  /** Mirror left ↔ right, with probability 1/2. */
  flip?: boolean;
  /** Shift by up to this many pixels in x and in y, the border repeated; without effect when `circular` is on. */
  shiftPx?: number;
  /** Shift by any amount in x and in y, wrapping at the edges: for seamless textures. */
  circular?: boolean;
  /** Probability that the colour channels change places, 0 … 1. */
  permuteChannels?: number;
}

export const AUGMENT_DEFAULTS: Required<AugmentOptions> = {
  flip: false,
  shiftPx: 0,
  circular: false,
  permuteChannels: 0,
};

/** Height, width and channels of the image, which may be latents. */
export interface ImageShape {
  heightPx: number;
  widthPx: number;
  channels: number;
}

/** The ways to order red, green and blue, other than as they are. */
export const CHANNEL_ORDERS = [
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

/** Mirrors left ↔ right. */
export function flipHorizontal(image: Float32Array, out: Float32Array, size: ImageShape): void {
  const { heightPx, widthPx, channels } = size;
  let to = 0;
  for (let y = 0; y < heightPx; y++) {
    for (let x = widthPx - 1; x >= 0; x--, to += channels) {
      copyPixel(image, (y * widthPx + x) * channels, out, to, channels);
    }
  }
}

/**
 * Moves the image by (dx, dy) pixels, to the right and down when positive; uncovered places repeat the border. Where the
 * border is transparent that is transparency, and a bust cut off by the lower edge stays cut off by it.
 */
export function shiftClamped(image: Float32Array, out: Float32Array, size: ImageShape, dx: number, dy: number): void {
  const { heightPx, widthPx, channels } = size;
  let to = 0;
  for (let y = 0; y < heightPx; y++) {
    const row = clamp(y - dy, heightPx - 1) * widthPx;
    for (let x = 0; x < widthPx; x++, to += channels) {
      copyPixel(image, (row + clamp(x - dx, widthPx - 1)) * channels, out, to, channels);
    }
  }
}

/** Moves the image by (dx, dy) pixels, to the right and down when positive; what leaves at one edge enters at the other. */
export function shiftCircular(image: Float32Array, out: Float32Array, size: ImageShape, dx: number, dy: number): void {
  const { heightPx, widthPx, channels } = size;
  const left = wrap(-dx, widthPx);
  let to = 0;
  for (let y = 0; y < heightPx; y++) {
    const row = wrap(y - dy, heightPx) * widthPx;
    for (let x = 0, column = left; x < widthPx; x++, to += channels) {
      copyPixel(image, (row + column) * channels, out, to, channels);
      column = column + 1 === widthPx ? 0 : column + 1;
    }
  }
}

/** Reorders the colour channels: channel c of the result is channel order[c] of the image. Alpha and maps stay. */
export function permuteColours(
  image: Float32Array,
  out: Float32Array,
  size: ImageShape,
  order: readonly [number, number, number],
): void {
  const { channels } = size;
  const [red, green, blue] = order;
  for (let i = 0; i < image.length; i += channels) {
    out[i] = image[i + red]!;
    out[i + 1] = image[i + green]!;
    out[i + 2] = image[i + blue]!;
    for (let c = 3; c < channels; c++) out[i + c] = image[i + c]!;
  }
}

function copyPixel(image: Float32Array, from: number, out: Float32Array, to: number, channels: number): void {
  for (let c = 0; c < channels; c++) out[to + c] = image[from + c]!;
}

function clamp(value: number, max: number): number {
  return Math.min(Math.max(value, 0), max);
}

function wrap(value: number, period: number): number {
  return ((value % period) + period) % period;
}
