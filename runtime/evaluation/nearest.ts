import { flipHorizontal } from '../dataset/augment.ts';
import type { ImageSet } from './imageSet.ts';

/** The distances from some images to the reference nearest to each. */
export interface NearestDistance {
  mean: number;
  min: number;
}

/**
 * Is a model copying? For each image the nearest training image, mirrored ones included, by the mean absolute difference
 * of all values (range −1 … 1). Held-out images give the distance to expect without copying; a copy has one near the
 * auto-encoder's error.
 *
 * @param images     (H, W, C) each, of one class
 * @param references the training images of that class
 * @throws           RangeError when either is empty
 */
export function nearestDistance(
  images: readonly Float32Array[],
  references: readonly Float32Array[],
  shape: ImageSet['shape'],
): NearestDistance {
  if (images.length === 0 || references.length === 0) {
    throw new RangeError(
      `nearestDistance: ${images.length} images and ${references.length} references; expected at least one of each`,
    );
  }
  const distances = images.map((image) => nearest(image, references, shape));
  return { mean: distances.reduce((a, b) => a + b, 0) / distances.length, min: Math.min(...distances) };
}

function nearest(image: Float32Array, references: readonly Float32Array[], shape: ImageSet['shape']): number {
  const mirrored = new Float32Array(image.length);
  flipHorizontal(image, mirrored, { heightPx: shape[0], widthPx: shape[1], channels: shape[2] });
  let best = Number.POSITIVE_INFINITY;
  for (const reference of references) {
    best = Math.min(best, distanceBelow(image, reference, best), distanceBelow(mirrored, reference, best));
  }
  return best / image.length;
}

const CHECK_EVERY = 256;

/** Sum of absolute differences; given up, as infinity, where it exceeds `limit`. */
function distanceBelow(a: Float32Array, b: Float32Array, limit: number): number {
  let sum = 0;
  for (let start = 0; start < a.length; start += CHECK_EVERY) {
    const end = Math.min(a.length, start + CHECK_EVERY);
    for (let i = start; i < end; i++) sum += Math.abs(a[i]! - b[i]!);
    if (sum > limit) return Number.POSITIVE_INFINITY;
  }
  return sum;
}
