import { type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { fromPixels } from '../core/pixels.ts';
import { encodeMeanInSlices, scaleLatents } from '../networks/autoencoderKl.ts';
import type { DiffusionModel } from './model.ts';

/**
 * Encodes pictures, in slices of about one convolution each: the way back from `decodeLatents` and `imagesToPixels`.
 * `return()` gives it up. Call `next()` outside of tf.tidy.
 *
 * @param pictures RGBA bytes of each, sRGB, straight alpha, top row first, of the model's size
 * @returns        through the generator, the posterior means, scaled as `sample` gives latents: (B, h, w, c); the caller
 *                 disposes them
 * @throws         RangeError for a picture of another size, at the first slice
 */
export function* encodePixelsInSlices(
  model: DiffusionModel,
  pictures: readonly (Uint8Array | Uint8ClampedArray)[],
): Generator<void, Tensor4D> {
  const { config, weights } = model.vae;
  const images = pixelsToImages(model, pictures);
  try {
    const mean = yield* encodeMeanInSlices(config, weights, images, model.index.figment.circularPadding);
    try {
      return scaleLatents(config, mean);
    } finally {
      mean.dispose();
    }
  } finally {
    images.dispose();
  }
}

function pixelsToImages({ index }: DiffusionModel, pictures: readonly (Uint8Array | Uint8ClampedArray)[]): Tensor4D {
  const { widthPx, heightPx, channels, premultipliedAlpha } = index.figment;
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
