import { type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { toPixels } from '../core/pixels.ts';
import { decode, decodeInSlices, unscaleLatents } from '../networks/autoencoderKl.ts';
import type { DiffusionModel } from './model.ts';

/**
 * Decodes scaled latents into image values.
 *
 * @param latents float32 (B, h, w, c), as `sample` gives them
 * @returns       float32 (B, H, W, channels), about [−1, 1], premultiplied if the model is; the caller disposes it
 */
export function decodeLatents(model: DiffusionModel, latents: Tensor4D): Tensor4D {
  return tidy(() => {
    const z = unscaleLatents(model.vae.config, latents);
    return decode(model.vae.config, model.vae.weights, z, model.index.figment.circularPadding);
  });
}

/**
 * `decodeLatents` in slices of about one convolution each; `return()` gives it up. Call `next()` outside of tf.tidy.
 *
 * @returns through the generator, what `decodeLatents` returns; the caller disposes it, and keeps the latents until then
 */
export function* decodeLatentsInSlices(model: DiffusionModel, latents: Tensor4D): Generator<void, Tensor4D> {
  const z = unscaleLatents(model.vae.config, latents);
  try {
    return yield* decodeInSlices(model.vae.config, model.vae.weights, z, model.index.figment.circularPadding);
  } finally {
    z.dispose();
  }
}

/** Decoded values to one RGBA picture per image: bytes, sRGB, straight alpha, top row first. */
export async function imagesToPixels(
  { index }: Pick<DiffusionModel, 'index'>,
  images: Tensor4D,
): Promise<Uint8Array[]> {
  const { channels, premultipliedAlpha } = index.figment;
  const values = (await images.data()) as Float32Array;
  const size = values.length / images.shape[0];
  return Array.from({ length: images.shape[0] }, (_, i) =>
    toPixels(values.subarray(i * size, (i + 1) * size), channels, { premultiplied: premultipliedAlpha }),
  );
}
