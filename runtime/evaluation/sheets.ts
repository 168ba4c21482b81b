// Pictures of a network at work, to look at while it trains.

import { dispose, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { MATERIAL_CHANNELS } from '../core/channelNames.ts';
import { composeSheet } from '../core/composeSheet.ts';
import { definedOf } from '../core/definedOf.ts';
import { type NumValues, type PixelImage, toMapPixels, toPixels } from '../core/pixels.ts';
import { runToEnd } from '../core/slices.ts';
import { attributesOf, encodeColumns, vocabularyOf } from '../dataset/attributeColumns.ts';
import { fillBatch } from '../dataset/batches.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { decode, encode } from '../networks/autoencoderKl.ts';
import type { AutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import { decodeWithLabels, encodeWithLabels } from '../networks/conditionalVae.ts';
import type { Weights } from '../networks/layers.ts';
import { type CvaeNetwork, cvaeImagesInSlices, forgetPasses } from '../sampling/conditionalVae.ts';
import { generatePictures } from '../sampling/generate.ts';
import type { DiffusionModel } from '../sampling/model.ts';

/** An auto-encoder whose weights are on the current backend. */
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

/**
 * A look at a class-conditional VAE in training: one row of pictures for each label, z drawn by the seeds 0, 1, 2, …; each is told what
 * the data know of an image of its label, since a network that was always told all attributes makes no picture without.
 *
 * @returns the sheet, RGBA
 */
export async function cvaeSheet(
  { config, weights }: CvaeNetwork,
  { labels, attributes, classLabels, ...size }: Omit<Dataset, 'name' | 'images'>,
  columns: number,
): Promise<PixelImage> {
  const { widthPx, heightPx, channels } = size;
  const known = { labels, attributes: vocabularyOf(attributes) };
  // The training replaces its weights: a list of their own has recordings of its own, which are freed after this look.
  const cvae = { config, weights: { ...weights } };
  const tiles: Uint8Array[] = [];
  try {
    for (const [index, label] of labels.entries()) {
      const own = [...classLabels.keys()].filter((image) => classLabels[image] === index);
      const told = (seed: number) => (own.length > 0 ? attributesOf(attributes ?? [], own[seed % own.length]!) : {});
      const requests = Array.from({ length: columns }, (_, seed) => ({ label, seed, attributes: told(seed) }));
      const images = runToEnd(cvaeImagesInSlices(cvae, known, requests));
      const values = (await images.data()) as Float32Array;
      images.dispose();
      const size = values.length / columns;
      for (let i = 0; i < columns; i++) {
        tiles.push(...tilesOfValues(values.subarray(i * size, (i + 1) * size), channels));
      }
    }
  } finally {
    forgetPasses(cvae);
  }
  return composeSheet(tiles, tiles.length / labels.length, widthPx, heightPx);
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
  const condition = {
    classLabels: indices.map((image) => dataset.classLabels[image]!),
    attributes: encodeColumns(dataset.attributes ?? [], indices),
  };
  return sheetOfReconstructions(dataset, indices, columns, (x) =>
    decodeWithLabels(config, weights, encodeWithLabels(config, weights, x, condition).mean, condition),
  );
}

/** Rows of images, each above its reconstruction, which `reconstruct` makes within tf.tidy. */
async function sheetOfReconstructions(
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
        tiles.push(...tilesOfValues(array.subarray(i * size, (i + 1) * size), channels));
      }
    }
  }
  const l1 = results.reduce((sum, value, i) => sum + Math.abs(value - values[i]!), 0) / values.length;
  const across = (columns * tiles.length) / (2 * indices.length);
  return { sheet: composeSheet(tiles, across, widthPx, heightPx), l1 };
}

/** What a sheet shows of decoded values: the picture and, of a material, its maps beside it. */
function tilesOfValues(values: Float32Array, channels: NumValues): Uint8Array[] {
  const picture = toPixels(values, channels, { premultiplied: true });
  return channels === MATERIAL_CHANNELS ? [picture, toMapPixels(values)] : [picture];
}

/** What a sheet shows of a picture: itself and, of a material, its maps beside it. */
export function tilesOf<Pixels>({ pixels, maps }: { pixels: Pixels; maps: Pixels | null }): Pixels[] {
  return maps === null ? [pixels] : [pixels, maps];
}

export interface SampleSheetOptions {
  /** The pictures of each label, of the seeds 0, 1, 2, … */
  columns: number;
  numInferenceSteps: number;
  guidanceScale: number;
  signal?: AbortSignal;
}

export const SAMPLE_SHEET_DEFAULTS: SampleSheetOptions = { columns: 10, numInferenceSteps: 10, guidanceScale: 2 };

/**
 * A look at a model: one row of pictures for each label, the same seeds every time. Maps stand behind their pictures.
 *
 * @param onLabel called, and awaited, after each row: the place to let other work run
 * @returns       RGBA, (numLabels · heightPx) × (columns · widthPx), twice as wide where there are maps
 */
export async function sampleSheet(
  model: DiffusionModel,
  options: Partial<SampleSheetOptions> = {},
  onLabel?: (label: string) => void | Promise<void>,
): Promise<PixelImage> {
  const { columns, ...sampling } = { ...SAMPLE_SHEET_DEFAULTS, ...definedOf(options) };
  const { labels, figment } = model.index;
  const tiles: Uint8Array[] = [];
  for (const label of labels) {
    const requests = Array.from({ length: columns }, (_, seed) => ({ label, seed }));
    tiles.push(...(await generatePictures(model, requests, sampling)).flatMap(tilesOf));
    await onLabel?.(label);
  }
  return composeSheet(tiles, tiles.length / labels.length, figment.widthPx, figment.heightPx);
}
