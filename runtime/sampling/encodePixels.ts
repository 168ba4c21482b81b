import { type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { fromPixels } from '../core/pixels.ts';
import { encodeMeanInSlices, scaleLatents } from '../networks/autoencoderKl.ts';
import { type ImageSize, imageSize } from '../recipe/imageSize.ts';
import type { DiffusionModel } from './model.ts';

/**
 * Encodes pictures, in slices of about one convolution each: the way back from `decodeLatents` and `imagesToPixels`.
 * `return()` gives it up. Call `next()` outside of tf.tidy.
 *
 * @param pictures RGBA bytes of each, sRGB, straight alpha, top row first
 * @param size     of each; for models with circular padding, any multiple of the tile
 * @returns        through the generator, the posterior means, scaled as `sample` gives latents: (B, h, w, c); the caller
 *                 disposes them
 * @throws         RangeError for a size that the model does not make or a picture of another, at the first slice
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
export function* encodeImagesInSlices(model: DiffusionModel, images: Tensor4D): Generator<void, Tensor4D> {
  const { config, weights } = model.vae;
  const mean = yield* encodeMeanInSlices(config, weights, images, model.index.figment.circularPadding);
  try {
    return scaleLatents(config, mean);
  } finally {
    mean.dispose();
  }
}

/**
 * Pictures as image values, as `decodeLatents` gives them: the way back from `imagesToPixels`.
 *
 * @param asked their size
 * @returns     float32 (B, H, W, channels), −1 … 1; the caller disposes it
 * @throws      RangeError as `encodePixelsInSlices`
 */
export function pixelsToImages(
  { index }: DiffusionModel,
  pictures: readonly (Uint8Array | Uint8ClampedArray)[],
  asked: ImageSize = {},
): Tensor4D {
  const { channels, premultipliedAlpha } = index.figment;
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
