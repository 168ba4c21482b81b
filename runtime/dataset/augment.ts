/**
 * Augmentations of one float32 HWC image: each reads `image`, writes all of `out` and allocates nothing; the two must be
 * different buffers. They hold for premultiplied values from −1 to 1.
 */
import { wrapped } from '../core/wrapped.ts';

export interface AugmentOptions {
  /** Mirror left ↔ right, with probability 1/2. */
  flip?: boolean;
  /** Shift by up to this many pixels in x and in y, the border repeated; without effect when `circular` is on. */
  shiftPx?: number;
  /** Shift by any amount in x and in y, wrapping at the edges: for seamless textures. */
  circular?: boolean;
  /** Probability that the colour channels change places, 0 … 1. */
  permuteChannels?: number;
  /** Probability that hues are turned by any angle, made up to four times as strong and tinted, 0 … 1. */
  colourJitter?: number;
  /** Take a square of so many pixels, anywhere in the picture; 0: the whole picture. */
  cropPx?: number;
}

export const AUGMENT_DEFAULTS: Required<AugmentOptions> = {
  flip: false,
  shiftPx: 0,
  circular: false,
  permuteChannels: 0,
  colourJitter: 0,
  cropPx: 0,
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
  const left = wrapped(-dx, widthPx);
  let to = 0;
  for (let y = 0; y < heightPx; y++) {
    const row = wrapped(y - dy, heightPx) * widthPx;
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

/** How the colours of a picture are altered: an affine map of the plane of (blue, red) minus luma. */
export interface ColourTurn {
  /** Radians. */
  angle: number;
  /** The factor by which a colour moves away from grey; 1 leaves it where it is. */
  strength: number;
  /** The colour that is added: to blue and to red minus luma, each as a share of a channel's range. */
  tint: readonly [blue: number, red: number];
}

/**
 * Turns, strengthens and tints the colours of every pixel. Its luma (ITU-R BT.601) stays, unless a channel leaves its range
 * and is clamped; alpha and maps stay.
 */
export function turnColours(image: Float32Array, out: Float32Array, { channels }: ImageShape, turn: ColourTurn): void {
  const { strength, tint } = turn;
  const cosine = strength * Math.cos(turn.angle);
  const sine = strength * Math.sin(turn.angle);
  for (let i = 0; i < image.length; i += channels) {
    const max = channels === 4 ? image[i + 3]! : 1;
    const luma = LUMA[0] * image[i]! + LUMA[1] * image[i + 1]! + LUMA[2] * image[i + 2]!;
    const blue = image[i + 2]! - luma;
    const red = image[i]! - luma;
    const turnedBlue = luma + cosine * blue - sine * red + tint[0] * (max + 1);
    const turnedRed = luma + sine * blue + cosine * red + tint[1] * (max + 1);
    const green = (luma - LUMA[0] * turnedRed - LUMA[2] * turnedBlue) / LUMA[1];
    out[i] = Math.min(Math.max(turnedRed, -1), max);
    out[i + 1] = Math.min(Math.max(green, -1), max);
    out[i + 2] = Math.min(Math.max(turnedBlue, -1), max);
    for (let c = 3; c < channels; c++) out[i + c] = image[i + c]!;
  }
}

const LUMA = [0.299, 0.587, 0.114] as const;

/** Writes to `out` the part of the image that has the size `part` and whose upper left pixel is (left, top). */
export function crop(
  image: Float32Array,
  out: Float32Array,
  { widthPx, channels }: ImageShape,
  part: Pick<ImageShape, 'heightPx' | 'widthPx'>,
  left: number,
  top: number,
): void {
  const length = part.widthPx * channels;
  for (let y = 0; y < part.heightPx; y++) {
    const from = ((top + y) * widthPx + left) * channels;
    out.set(image.subarray(from, from + length), y * length);
  }
}

/** The shape of an image once it is cropped. */
export function croppedShape({ heightPx, widthPx, channels }: ImageShape, { cropPx = 0 }: AugmentOptions): ImageShape {
  return { heightPx: cropPx || heightPx, widthPx: cropPx || widthPx, channels };
}

function copyPixel(image: Float32Array, from: number, out: Float32Array, to: number, channels: number): void {
  for (let c = 0; c < channels; c++) out[to + c] = image[from + c]!;
}

function clamp(value: number, max: number): number {
  return Math.min(Math.max(value, 0), max);
}
