import { clone, slice, square, sub, sum, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { MATERIAL_CHANNELS } from '../core/channelNames.ts';
import { numFramesOf } from '../core/frames.ts';
import { fromPixels, toMapPixels, toPixels } from '../core/pixels.ts';
import { decode, decodeInSlices, encode, encodeMeanInSlices } from '../networks/autoencoderKl.ts';
import { scaleLatents, unscaleLatents } from '../networks/latentScaling.ts';
import { type ImageSize, imageSize } from '../recipe/imageSize.ts';
import type { ModelIndex } from '../weights/modelIndex.ts';
import { assertEncoder } from './encoder.ts';
import { framewiseInSlices, IN_A_ROW, STACKED } from './frameRow.ts';
import { type DiffusionModel, elsewhereOf } from './model.ts';
import { recordedInSlices } from './recordedPass.ts';

/**
 * Decodes scaled latents into image values; those of a model of pixels are image values already.
 *
 * @param latents float32 (B, h, w, c), as `sample` gives them
 * @returns       float32 (B, H, W, channels), about [−1, 1], premultiplied if the model is; the caller disposes it
 */
export function decodeLatents(model: DiffusionModel, latents: Tensor4D): Tensor4D {
  const numFrames = numFramesOf(model.index.figment);
  if (numFrames === 1) return decodeEach(model, latents);
  return tidy(() => IN_A_ROW.together(decodeEach(model, STACKED.apart(latents, numFrames)), numFrames));
}

/** What latents of single frames decode to. */
function decodeEach({ vae, index }: DiffusionModel, latents: Tensor4D): Tensor4D {
  if (!vae) return clone(latents);
  return tidy(() => {
    const z = unscaleLatents(vae.config, latents);
    return decode(vae.config, vae.weights, z, index.figment.circularPadding);
  });
}

/**
 * `decodeLatents` in slices of about one convolution each; `return()` gives it up. Call `next()` outside of tf.tidy.
 *
 * @returns through the generator, what `decodeLatents` returns; the caller disposes it, and keeps the latents until then
 */
export function decodeLatentsInSlices(model: DiffusionModel, latents: Tensor4D): Generator<void, Tensor4D> {
  const numFrames = numFramesOf(model.index.figment);
  const decodeFrames = (frames: Tensor4D) => decodeEachInSlices(model, frames);
  return numFrames === 1
    ? decodeFrames(latents)
    : framewiseInSlices(latents, numFrames, decodeFrames, STACKED, IN_A_ROW);
}

function decodeEachInSlices(model: DiffusionModel, latents: Tensor4D): Generator<void, Tensor4D> {
  const elsewhere = elsewhereOf(model, latents);
  if (elsewhere) return elsewhere.decode(latents);
  const [widthPx, heightPx] = frameSize(model.index);
  const [height, width] = model.latentShape;
  const [batch, rows, columns] = latents.shape;
  return recordedInSlices(model, {
    name: 'decode',
    inputs: [{ input: latents, shape: latents.shape }],
    shape: [batch, (rows * heightPx) / height, (columns * widthPx) / width, model.index.figment.channels],
    pass: (z) => decodeEach(model, z as Tensor4D),
    inSlices: () => decodedInSlices(model, latents),
  });
}

function* decodedInSlices({ vae, index }: DiffusionModel, latents: Tensor4D): Generator<void, Tensor4D> {
  if (!vae) return clone(latents);
  const z = unscaleLatents(vae.config, latents);
  try {
    return yield* decodeInSlices(vae.config, vae.weights, z, index.figment.circularPadding);
  } finally {
    z.dispose();
  }
}

/** A finished picture as bytes, top row first. */
export interface GeneratedPicture {
  /** RGBA, sRGB, straight alpha. */
  pixels: Uint8Array;
  /** RGBA, of a material: height, roughness, metallic, and 255; null where the model makes no maps. */
  maps: Uint8Array | null;
}

/** The pictures of `imagesToPictures` without maps. @throws as it does */
export async function imagesToPixels(model: Pick<DiffusionModel, 'index'>, images: Tensor4D): Promise<Uint8Array[]> {
  return (await imagesToPictures(model, images)).map(({ pixels }) => pixels);
}

/**
 * Decoded values to one picture per image.
 *
 * @param keepsImage whether they are made of other images, which a model of pixels may hand out as they were
 * @throws Error naming the model when a picture is not finite, or flat, as weights that overflow give it
 */
export async function imagesToPictures(
  { index, vae }: Pick<DiffusionModel, 'index'> & Partial<Pick<DiffusionModel, 'vae'>>,
  images: Tensor4D,
  keepsImage = false,
): Promise<GeneratedPicture[]> {
  const mayBeFlat = keepsImage && vae === null;
  const { channels, premultipliedAlpha } = index.figment;
  const values = (await images.data()) as Float32Array;
  const size = values.length / images.shape[0];
  return Array.from({ length: images.shape[0] }, (_, i) => {
    const picture = values.subarray(i * size, (i + 1) * size);
    assertSpread(index, spreadOf(picture), mayBeFlat);
    return {
      pixels: toPixels(picture, channels, { premultiplied: premultipliedAlpha }),
      maps: channels === MATERIAL_CHANNELS ? toMapPixels(picture) : null,
    };
  });
}

/**
 * Checks decoded values where they are: one number for each is read back.
 *
 * @throws Error as `imagesToPictures`
 */
export async function assertPictures({ index }: Pick<DiffusionModel, 'index'>, images: Tensor4D): Promise<void> {
  const spreads = tidy(() => sum(square(sub(images, slice(images, [0, 0, 0, 0], [-1, 1, 1, 1]))), [1, 2, 3]));
  const values = await spreads.data();
  spreads.dispose();
  for (const value of values) assertSpread(index, value);
}

/** How far values are from the first of them, squared and summed; zero where all are the same. */
function spreadOf(values: Float32Array): number {
  const first = values[0]!;
  let spread = 0;
  for (const value of values) spread += (value - first) ** 2;
  return spread;
}

/** Weights that overflow float32 give pictures of NaN, which bytes would hide, or the same value everywhere. */
function assertSpread({ figment }: ModelIndex, spread: number, mayBeFlat = false): void {
  if ((spread > 0 || mayBeFlat) && Number.isFinite(spread)) return;
  throw new Error(
    `generate: the picture of ${figment.name} is ${spread === 0 ? 'flat' : 'not finite'}; its weights are damaged or overflow; fetch the model again, or train another`,
  );
}

/** Latents or decoded images, (B, H, W, channels). */
export type ImageTensor = Tensor4D;

/**
 * The latents of one picture as a tensor, for `decodeLatentsInSlices`.
 *
 * @param values h · w · c, channels last, scaled
 * @returns      (1, h, w, c); the caller disposes it
 * @throws       Error when the values are more or fewer
 */
export function latentTensor({ latentShape }: DiffusionModel, values: Float32Array): ImageTensor {
  return tensor4d(values, [1, ...latentShape]);
}

/**
 * Encodes pictures, in slices of about one convolution each: the way back from `decodeLatents` and `imagesToPixels`.
 * `return()` gives it up. Call `next()` outside of tf.tidy.
 *
 * @param pictures RGBA bytes of each, sRGB, straight alpha, top row first
 * @param size     of each; for models with circular padding, any multiple of the tile
 * @returns        through the generator, the posterior means, scaled as `sample` gives latents: (B, h, w, c); the caller
 *                 disposes them
 * @throws         RangeError for a size that the model does not make or a picture of another, at the first slice; Error when
 *                 the model was loaded with its decoder alone
 */
export function* encodePixelsInSlices(
  model: DiffusionModel,
  pictures: readonly (Uint8Array | Uint8ClampedArray)[],
  size: ImageSize = {},
): Generator<void, Tensor4D> {
  const images = pixelsToImages(model, pictures, size);
  try {
    return yield* encodeImagesInSlices(model, images);
  } finally {
    images.dispose();
  }
}

/**
 * `encodePixelsInSlices` for values that are on the backend.
 *
 * @param images float32 (B, H, W, channels), as `decodeLatents` gives them; the caller keeps them until the end
 */
export function encodeImagesInSlices(model: DiffusionModel, images: Tensor4D): Generator<void, Tensor4D> {
  const numFrames = numFramesOf(model.index.figment);
  const encodeFrames = (frames: Tensor4D) => encodeEachInSlices(model, frames);
  return numFrames === 1 ? encodeFrames(images) : framewiseInSlices(images, numFrames, encodeFrames, IN_A_ROW, STACKED);
}

function encodeEachInSlices(model: DiffusionModel, images: Tensor4D): Generator<void, Tensor4D> {
  const { circularPadding } = model.index.figment;
  const [widthPx, heightPx] = frameSize(model.index);
  const { vae, latentShape, elsewhere } = model;
  const isOwnSize = images.shape[1] === heightPx && images.shape[2] === widthPx;
  if (elsewhere && isOwnSize) return elsewhere.encode(images);
  assertEncoder(model);
  const [height, width] = latentShape;
  const channels = latentShape[2] / numFramesOf(model.index.figment);
  const [batch, rows, columns] = images.shape;
  const encoded = (x: Tensor4D) =>
    vae && scaleLatents(vae.config, encode(vae.config, vae.weights, x, circularPadding).mean);
  return recordedInSlices(model, {
    name: 'encode',
    inputs: [{ input: images, shape: images.shape }],
    shape: [batch, (rows * height) / heightPx, (columns * width) / widthPx, channels],
    pass: (x) => encoded(x as Tensor4D) ?? (x as Tensor4D),
    inSlices: () => encodedInSlices(model, images),
  });
}

/** The size of a frame; without frames, of a picture. */
function frameSize({ figment }: ModelIndex): [widthPx: number, heightPx: number] {
  return [figment.widthPx / numFramesOf(figment), figment.heightPx];
}

function* encodedInSlices({ vae, index }: DiffusionModel, images: Tensor4D): Generator<void, Tensor4D> {
  if (!vae) return clone(images);
  const mean = yield* encodeMeanInSlices(vae.config, vae.weights, images, index.figment.circularPadding);
  try {
    return scaleLatents(vae.config, mean);
  } finally {
    mean.dispose();
  }
}

/**
 * Pictures as image values, as `decodeLatents` gives them: the way back from `imagesToPixels`.
 *
 * @param asked their size
 * @returns     float32 (B, H, W, channels), −1 … 1; the caller disposes it
 * @throws      RangeError as `encodePixelsInSlices`; for a model of materials, as the maps of a picture are not known
 */
export function pixelsToImages(
  { index }: DiffusionModel,
  pictures: readonly (Uint8Array | Uint8ClampedArray)[],
  asked: ImageSize = {},
): Tensor4D {
  const { name, channels, premultipliedAlpha } = index.figment;
  if (channels === MATERIAL_CHANNELS) {
    throw new RangeError(
      `encode: ${name} makes materials, and a picture alone has no maps; generate one by label, attributes and seed instead`,
    );
  }
  const [widthPx, heightPx] = imageSize(index.figment, asked);
  const size = widthPx * heightPx * channels;
  const values = new Float32Array(pictures.length * size);
  for (const [i, pixels] of pictures.entries()) {
    if (pixels.length !== 4 * widthPx * heightPx) {
      throw new RangeError(
        `encode: a picture has ${pixels.length} bytes; expected ${4 * widthPx * heightPx}, RGBA of ${widthPx}×${heightPx} pixels`,
      );
    }
    values.set(fromPixels(pixels, channels, { premultiplied: premultipliedAlpha }), i * size);
  }
  return tensor4d(values, [pictures.length, heightPx, widthPx, channels]);
}
