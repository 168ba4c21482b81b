import { composeSheet, type PixelImage, toPixels } from '../core/pixels.ts';
import { runToEnd } from '../core/runToEnd.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { decodeWithLabels, encodeWithLabels } from '../networks/conditionalVae.ts';
import { type CvaeNetwork, cvaeImagesInSlices } from '../sampling/conditionalVae.ts';
import { sheetOfReconstructions } from './reconstructionSheet.ts';

/**
 * A look at a class-conditional VAE: one row of pictures for each label, z drawn by the seeds 0, 1, 2, …
 *
 * @returns the sheet, RGBA
 */
export async function cvaeSheet(
  cvae: CvaeNetwork,
  { labels, widthPx, heightPx, channels }: Pick<Dataset, 'labels' | 'widthPx' | 'heightPx' | 'channels'>,
  columns: number,
): Promise<PixelImage> {
  const tiles: Uint8Array[] = [];
  for (const label of labels) {
    const requests = Array.from({ length: columns }, (_, seed) => ({ label, seed }));
    const images = runToEnd(cvaeImagesInSlices(cvae, labels, requests));
    const values = (await images.data()) as Float32Array;
    images.dispose();
    const size = values.length / columns;
    for (let i = 0; i < columns; i++) tiles.push(toPixels(values.subarray(i * size, (i + 1) * size), channels));
  }
  return composeSheet(tiles, columns, widthPx, heightPx);
}

/**
 * Rows of images, each row above what encoding to the posterior mean and decoding makes of it.
 *
 * @param indices the images, a multiple of `columns`
 * @returns       the sheet, RGBA, and the mean absolute error over all values, range −1 … 1
 */
export function cvaeReconstructionSheet(
  { config, weights }: CvaeNetwork,
  dataset: Dataset,
  indices: Int32Array,
  columns: number,
): Promise<{ sheet: PixelImage; l1: number }> {
  const classLabels = indices.map((image) => dataset.classLabels[image]!);
  return sheetOfReconstructions(dataset, indices, columns, (x) =>
    decodeWithLabels(config, weights, encodeWithLabels(config, weights, x, classLabels).mean, classLabels),
  );
}
