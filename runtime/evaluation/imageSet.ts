import { numFramesOf, swapAxes } from '../core/frames.ts';
import { joinMaps, takeChannels, toPremultiplied } from '../core/pixels.ts';
import { permutation } from '../core/random.ts';
import { EVALUATION_STREAMS, streamAt } from '../core/streams.ts';
import { encodeColumns } from '../dataset/attributeColumns.ts';
import { fillBatch } from '../dataset/batches.ts';
import { type Dataset, imageLength, membersOf } from '../dataset/dataset.ts';
import type { GeneratedPicture } from '../sampling/autoencoder.ts';

/** Labelled images as training values: premultiplied, in [−1, 1]. */
export interface ImageSet {
  /** The shape (H, W, C) of one image. */
  shape: [number, number, number];
  /** The values of all images, (N, H, W, C). */
  values: Float32Array;
  /** The class of each image, (N). */
  classLabels: Int32Array;
  /** What is known of the images besides, (N, attributes), as `encodeColumns` gives it; absent where the data have none. */
  attributes?: Float32Array;
}

/** Some images of a data set. */
export function imagesOfDataset(dataset: Dataset, indices: Int32Array): ImageSet {
  const { heightPx, widthPx, channels, classLabels, attributes = [] } = dataset;
  const values = new Float32Array(indices.length * heightPx * widthPx * channels);
  fillBatch(dataset, indices, {}, 0, 0, values);
  return {
    shape: [heightPx, widthPx, channels],
    values,
    classLabels: indices.map((image) => classLabels[image]!),
    ...(attributes.length > 0 && { attributes: encodeColumns(attributes, indices) }),
  };
}

/**
 * Generated pictures, brought to the form of the data set. Of materials, maps are left out.
 *
 * @param pictures RGBA bytes of each, straight alpha, as `generate` returns them
 */
export function imagesOfPixels(
  pictures: readonly Uint8Array[],
  classLabels: Int32Array,
  size: Pick<Dataset, 'heightPx' | 'widthPx' | 'channels'>,
): ImageSet {
  const { heightPx, widthPx } = size;
  const channels = size.channels === 4 ? 4 : 3;
  const length = heightPx * widthPx * channels;
  const values = new Float32Array(pictures.length * length);
  pictures.forEach((picture, i) => {
    const pixels = channels === 4 ? picture : takeChannels(picture, 4, 0);
    toPremultiplied(pixels, channels, values.subarray(i * length, (i + 1) * length));
  });
  return { shape: [heightPx, widthPx, channels], values, classLabels };
}

/** Generated pictures as a data set of the same labels, size, channels and frames as another. */
export function datasetOfPictures(
  pictures: readonly GeneratedPicture[],
  classLabels: Int32Array,
  { sources: _, attributes: __, ...like }: Dataset,
): Dataset {
  const length = imageLength(like);
  const images = new Uint8Array(pictures.length * length);
  pictures.forEach(({ pixels, maps }, i) => {
    const colours = () => takeChannels(pixels, 4, 0);
    const bytes = like.channels === 4 ? pixels : maps ? joinMaps(colours(), takeChannels(maps, 4, 0)) : colours();
    images.set(swapAxes(bytes, like.heightPx, numFramesOf(like), like.widthPx * like.channels), i * length);
  });
  return { ...like, images, classLabels };
}

/** The images of one class, one array each, sharing the set's memory. */
export function imagesOfClass({ shape, values, classLabels }: ImageSet, label: number): Float32Array[] {
  const length = shape[0] * shape[1] * shape[2];
  return membersOf(classLabels, label).map((i) => values.subarray(i * length, (i + 1) * length));
}

/**
 * Draws equally many images of each class, so that two sets can be compared which differ in size.
 *
 * @param classLabels int32 (N)
 * @param perClass    images of each class; all of a class that has fewer
 * @param seed        uint32
 * @returns           positions in `classLabels`, class after class
 */
export function drawPerClass(classLabels: Int32Array, numLabels: number, perClass: number, seed: number): Int32Array {
  const drawn: number[] = [];
  for (let label = 0; label < numLabels; label++) {
    const members = membersOf(classLabels, label);
    const order = permutation(seed, streamAt(EVALUATION_STREAMS.images, label), members.length);
    drawn.push(...Array.from(order.subarray(0, perClass), (position) => members[position]!));
  }
  return Int32Array.from(drawn);
}

/** The number of images in the smallest class. */
export function smallestClass(classLabels: Int32Array, numLabels: number): number {
  return Math.min(...Array.from({ length: numLabels }, (_, label) => membersOf(classLabels, label).length));
}
