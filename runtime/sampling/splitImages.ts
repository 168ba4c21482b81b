import { slice, type Tensor4D } from '@tensorflow/tfjs-core';

/** Latents or decoded images, (B, H, W, channels). */
export type ImageTensor = Tensor4D;

/** One tensor (1, H, W, channels) for each image; the caller disposes them, `images` stays. */
export function splitImages(images: ImageTensor): ImageTensor[] {
  const [numImages, ...shape] = images.shape;
  return Array.from({ length: numImages }, (_, i) => slice(images, [i, 0, 0, 0], [1, ...shape]));
}
