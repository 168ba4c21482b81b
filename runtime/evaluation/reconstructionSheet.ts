import { dispose, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { composeSheet, type PixelImage, toPixels } from '../core/pixels.ts';
import { fillBatch } from '../dataset/batches.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { decode, encode } from '../networks/autoencoderKl.ts';
import type { AutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import type { Weights } from '../networks/layers.ts';

/** An auto-encoder at work, its weights on the current backend. */
export interface LiveVae {
  config: AutoencoderKlConfig;
  weights: Weights;
  circular: boolean;
}

/**
 * A look at an auto-encoder in training: rows of images, each row above what encoding to the posterior mean and decoding
 * makes of it.
 *
 * @param indices the images, a multiple of `columns`
 * @returns       the sheet, RGBA, and the mean absolute error over all values, range −1 … 1
 */
export function reconstructionSheet(
  dataset: Dataset,
  indices: Int32Array,
  columns: number,
  { config, weights, circular }: LiveVae,
): Promise<{ sheet: PixelImage; l1: number }> {
  return sheetOfReconstructions(dataset, indices, columns, (x) =>
    decode(config, weights, encode(config, weights, x, circular).mean, circular),
  );
}

/** The same with any auto-encoder: `reconstruct` runs within tf.tidy. */
export async function sheetOfReconstructions(
  dataset: Dataset,
  indices: Int32Array,
  columns: number,
  reconstruct: (x: Tensor4D) => Tensor4D,
): Promise<{ sheet: PixelImage; l1: number }> {
  const { widthPx, heightPx, channels } = dataset;
  const size = widthPx * heightPx * channels;
  const values = new Float32Array(indices.length * size);
  fillBatch(dataset, indices, {}, 0, 0, values);
  const decoded = tidy(() => reconstruct(tensor4d(values, [indices.length, heightPx, widthPx, channels])));
  const results = (await decoded.data()) as Float32Array;
  dispose(decoded);
  const tiles: Uint8Array[] = [];
  for (let row = 0; row < indices.length; row += columns) {
    for (const array of [values, results]) {
      for (let i = row; i < row + columns; i++) {
        tiles.push(toPixels(array.subarray(i * size, (i + 1) * size), channels, { premultiplied: true }));
      }
    }
  }
  const l1 = results.reduce((sum, value, i) => sum + Math.abs(value - values[i]!), 0) / values.length;
  return { sheet: composeSheet(tiles, columns, widthPx, heightPx), l1 };
}
