import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { encodeColumns } from '../dataset/attributeColumns.ts';
import { type AugmentOptions, croppedShape } from '../dataset/augment.ts';
import { batchIndices, fillBatch } from '../dataset/batches.ts';
import { type ColourRarity, pixelRarity } from '../dataset/colourRarity.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { attributeWeights } from './losses.ts';

/** One input of a loss: plain numbers, so that it can be sent to a worker. */
export interface BatchArray {
  shape: number[];
  data: Float32Array | Int32Array;
}

/** The inputs of a loss by name; the first dimension of each is the image. */
export type Batch = Record<string, BatchArray>;

export function batchLength(batch: Batch): number {
  return Object.values(batch)[0]?.shape[0] ?? 0;
}

/** A float32 tensor of one input; the caller disposes it. */
export function batchTensor<T extends Tensor>(batch: Batch, name: string): T {
  return tensor(batchArray(batch, name).data, batchArray(batch, name).shape, 'float32') as T;
}

export function batchArray(batch: Batch, name: string): BatchArray {
  const array = batch[name];
  if (!array) throw new Error(`training: the batch has no ${name}, only ${Object.keys(batch).join(', ')}`);
  return array;
}

/** Cuts a batch into pieces of `size` images, the last one smaller where it does not divide. */
export function splitBatch(batch: Batch, size: number): Batch[] {
  const length = batchLength(batch);
  const pieces: Batch[] = [];
  for (let start = 0; start < length; start += size) {
    const end = Math.min(length, start + size);
    pieces.push(
      Object.fromEntries(
        Object.entries(batch).map(([name, { shape, data }]) => {
          const stride = data.length / length;
          return [name, { shape: [end - start, ...shape.slice(1)], data: data.slice(start * stride, end * stride) }];
        }),
      ),
    );
  }
  return pieces;
}

/** Attributes of a batch (B, attributes), and the weights by which those that are known are averaged. */
export function withAttributeWeights(attributes: BatchArray): Record<'attributes' | 'attributeWeights', BatchArray> {
  const { shape, data } = attributes;
  return { attributes, attributeWeights: { shape, data: attributeWeights(data, shape[1]!) } };
}

/** How much each pixel of pictures x (B, H, W, C) counts by the rarity of its colour, (B, H, W, 1): see `pixelRarity`. */
export function rarityOf(rarity: ColourRarity, { shape, data }: BatchArray): BatchArray {
  const [numPictures, heightPx, widthPx, channels] = shape as [number, number, number, number];
  const values = pixelRarity(rarity, data as Float32Array, widthPx * heightPx * channels, channels);
  return { shape: [numPictures, heightPx, widthPx, 1], data: values };
}

/** Labels and attributes of a batch as `conditionKinds` has them, (B, 1 + attributes). */
export function labelFirst(classLabels: BatchArray, attributes?: BatchArray): BatchArray {
  const numAttributes = attributes?.shape[1] ?? 0;
  const rows = Array.from(classLabels.data, (label, i) => [
    label,
    ...(attributes?.data.slice(i * numAttributes, (i + 1) * numAttributes) ?? []),
  ]);
  return { shape: [rows.length, 1 + numAttributes], data: Float32Array.from(rows.flat()) };
}

/**
 * The pictures of a training step, which depend on the seed and the step alone.
 *
 * @param indices the training images
 * @returns       x (B, H, W, C) in [−1, 1], augmented, classLabels (B), and what is known of their attributes
 *                (B, attributes), where the data have any
 * @throws        RangeError when the images are of several frames
 */
export function pictureBatch(
  dataset: Dataset,
  indices: Int32Array,
  options: { batchSize: number; balanced: boolean; seed: number; augment: AugmentOptions },
  step: number,
): Record<'x' | 'classLabels', BatchArray> & { attributes?: BatchArray } {
  const { batchSize, balanced, seed, augment } = options;
  const { classLabels, attributes = [], frames } = dataset;
  if (frames) throw new RangeError('pictureBatch: images of several frames are no pictures; give singleFrames of them');
  const { widthPx, heightPx, channels } = croppedShape(dataset, augment);
  const data = new Float32Array(batchSize * widthPx * heightPx * channels);
  const chosen = batchIndices(indices, classLabels, { batchSize, balanced, seed }, step);
  fillBatch(dataset, chosen, augment, seed, step, data);
  return {
    x: { shape: [batchSize, heightPx, widthPx, channels], data },
    classLabels: { shape: [batchSize], data: chosen.map((image) => classLabels[image]!) },
    ...(attributes.length > 0 && {
      attributes: { shape: [batchSize, attributes.length], data: encodeColumns(attributes, chosen) },
    }),
  };
}
