import type { Attributes } from '../core/attributes.ts';
import { MATERIAL_CHANNELS } from '../core/channelNames.ts';
import { composeSheet } from '../core/composeSheet.ts';
import { definedOf } from '../core/definedOf.ts';
import { evenlySpread } from '../core/evenlySpread.ts';
import { type PixelImage, withChannels } from '../core/pixels.ts';
import { attributesOf } from '../dataset/attributeColumns.ts';
import { type Dataset, membersOf } from '../dataset/dataset.ts';
import { mapsAt, pictureAt } from '../dataset/pictureAt.ts';
import { generatePictures } from '../sampling/generate.ts';
import type { DiffusionModel } from '../sampling/model.ts';
import { SAMPLE_SHEET_DEFAULTS, tilesOf } from './sheets.ts';

/** A picture and what it shows. */
export interface LabelledPicture {
  label: string;
  attributes: Attributes;
  /** RGBA. */
  pixels: Uint8Array | Uint8ClampedArray;
  /** The maps of a material as RGBA, see `GeneratedPicture`; null for a picture that has none. */
  maps: Uint8Array | Uint8ClampedArray | null;
}

export interface AttributeSheetOptions {
  /** Pictures of which nothing but the label is asked. */
  numPlain: number;
  /** Pictures made for each example. */
  numCopies: number;
  numInferenceSteps: number;
  guidanceScale: number;
  signal?: AbortSignal;
}

export const ATTRIBUTE_SHEET_DEFAULTS: AttributeSheetOptions = {
  numPlain: 4,
  numCopies: 2,
  numInferenceSteps: SAMPLE_SHEET_DEFAULTS.numInferenceSteps,
  guidanceScale: SAMPLE_SHEET_DEFAULTS.guidanceScale,
};

/**
 * Some pictures of each class, spread over those of `indices`.
 *
 * @param perLabel how many of each; fewer where there are no more
 */
export function drawExamples(dataset: Dataset, indices: Int32Array, perLabel: number): LabelledPicture[] {
  const { attributes = [] } = dataset;
  return dataset.labels.flatMap((label, index) => {
    const members = membersOf(dataset.classLabels, index, indices);
    const chosen = evenlySpread(members, Math.min(perLabel, members.length));
    return chosen.map((image) => {
      const maps = mapsAt(dataset, image);
      return {
        label,
        attributes: attributesOf(attributes, image),
        pixels: withChannels(pictureAt(dataset, image), 4),
        maps: maps && withChannels(maps, 4),
      };
    });
  });
}

/**
 * Whether a model does what it is told: a row for each label. First pictures of the label alone; then examples, each beside
 * pictures that the model makes for the same label and attributes. All rows have the same seeds; maps stand behind their
 * pictures.
 *
 * @param onLabel called, and awaited, after each row: the place to let other work run
 * @returns       RGBA; a row has numPlain + examples · (1 + numCopies) pictures, as many examples as the label with the most
 */
export async function attributeSheet(
  model: DiffusionModel,
  examples: readonly LabelledPicture[],
  options: Partial<AttributeSheetOptions> = {},
  onLabel?: (label: string) => void | Promise<void>,
): Promise<PixelImage> {
  const { numPlain, numCopies, ...sampling } = { ...ATTRIBUTE_SHEET_DEFAULTS, ...definedOf(options) };
  const { labels, figment } = model.index;
  const examplesOf = (label: string) => examples.filter((example) => example.label === label);
  const numExamples = Math.max(0, ...labels.map((label) => examplesOf(label).length));
  const columns = (numPlain + numExamples * (1 + numCopies)) * (figment.channels === MATERIAL_CHANNELS ? 2 : 1);
  const blank = new Uint8Array(4 * figment.widthPx * figment.heightPx);
  const tiles: (Uint8Array | Uint8ClampedArray)[] = [];
  for (const label of labels) {
    const own = examplesOf(label);
    const seeds = (count: number) => Array.from({ length: count }, (_, seed) => seed);
    const requests = [
      ...seeds(numPlain).map((seed) => ({ label, seed })),
      ...own.flatMap(({ attributes }) => seeds(numCopies).map((seed) => ({ label, seed, attributes }))),
    ];
    const made = await generatePictures(model, requests, sampling);
    const row: (Uint8Array | Uint8ClampedArray)[] = made.slice(0, numPlain).flatMap(tilesOf);
    for (const [i, example] of own.entries()) {
      const start = numPlain + i * numCopies;
      row.push(...tilesOf(example), ...made.slice(start, start + numCopies).flatMap(tilesOf));
    }
    while (row.length < columns) row.push(blank);
    tiles.push(...row);
    await onLabel?.(label);
  }
  return composeSheet(tiles, columns, figment.widthPx, figment.heightPx);
}
