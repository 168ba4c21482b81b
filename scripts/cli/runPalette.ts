import { setImmediate as pause } from 'node:timers/promises';
import { evenlySpread } from '../../runtime/core/evenlySpread.ts';
import { partsThatFit, placesLayout } from '../../runtime/core/palettePlaces.ts';
import {
  type Dataset,
  type FitPaletteOptions,
  fitPalettePlaces,
  fitPalettePrior,
  formatPalette,
  framesOf,
  imagesOfDataset,
  type ModelFiles,
  type NumValues,
  PaletteOffsets,
  type PalettePrior,
  reconstruct,
  singleFrames,
  toPixels,
} from '../../runtime/index.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { buildModel } from '../node/openModel.ts';
import { withProgress } from '../node/terminal.ts';
import { rangeAsUsageError } from '../node/usageError.ts';
import { readKnownData } from './dataOfModel.ts';
import { loadWithoutEntry, writeModelEntry } from './modelEntry.ts';
import type { DataOfModelCommandOptions } from './optionParsers.ts';

export interface PaletteCommandOptions extends DataOfModelCommandOptions {
  deviation: number;
  sure: number;
  parts: number;
}

/** So many pixels are decoded to see where colours come out; more tell hardly more. */
const MAX_DECODED = 2 ** 22;

/** The work of `figment palette`. */
export async function givePalette(folder: string, command: PaletteCommandOptions): Promise<void> {
  const files = await loadWithoutEntry(folder, 'palette');
  if (command.data === undefined) {
    await writeModelEntry(folder, 'palette');
    return console.log(`palette: ${folder} has none now`);
  }
  const choice = { ...command, data: command.data, seed: command.splitSeed };
  const { dataset, split } = await readKnownData('palette', files, choice);
  const palette = await fitted(dataset, split.train, { deviation: command.deviation, sure: command.sure });
  const { widthPx, heightPx, frames, circularPadding } = files.index.figment;
  const most = partsThatFit(placesLayout(widthPx, heightPx, frames));
  const numParts = circularPadding ? 0 : Math.min(command.parts, most); // what repeats has no places
  const whole = {
    ...palette,
    ...(files.vaeConfig !== undefined && { offsets: await offsetsOf(files, dataset, split.train, palette) }),
    ...(numParts > 0 && { places: await placesOf(dataset, split.train, palette, numParts) }),
  };
  await writeModelEntry(folder, 'palette', formatPalette(whole));
  const where = numParts > 0 ? ` in ${numParts} parts` : '';
  console.log(
    `palette: ${palette.colours.length / 3} colours${where} of ${split.train.length} images, written to ${folder}`,
  );
}

/** Shows how far a work is, and lets Ctrl-C in. */
function watched<Result>(title: string, work: (onProgress: (share: number) => Promise<void>) => Promise<Result>) {
  const shown = (onShare: (share: number) => void) =>
    work(async (share) => {
      onShare(share);
      await pause();
    });
  return rangeAsUsageError(() => withProgress(title, shown), 'palette');
}

function fitted(dataset: Dataset, indices: Int32Array, options: Partial<FitPaletteOptions>) {
  return watched('palette', (onProgress) => fitPalettePrior(dataset, indices, { ...options, onProgress }));
}

function placesOf(dataset: Dataset, indices: Int32Array, palette: PalettePrior, numParts: number) {
  return watched('places', (onProgress) => fitPalettePlaces(dataset, indices, palette, { numParts, onProgress }));
}

/** Where the colours of a palette come out of the model's auto-encoder: see `PaletteOffsets`. */
async function offsetsOf(
  files: ModelFiles,
  dataset: Dataset,
  indices: Int32Array,
  palette: PalettePrior,
): Promise<Int8Array> {
  const { release } = await openNodeBackend('wasm');
  const model = buildModel(files);
  const { widthPx, heightPx } = files.index.figment;
  const chosen = evenlySpread(indices, Math.min(indices.length, Math.ceil(MAX_DECODED / (widthPx * heightPx))));
  const { values, shape, ...known } = imagesOfDataset(
    singleFrames(dataset),
    framesOf(dataset, Int32Array.from(chosen)),
  );
  try {
    const { pictures } = await withProgress('offsets', (onProgress) =>
      reconstruct(model, { values, shape, ...known }, onProgress),
    );
    const [height, width, channels] = shape;
    const length = height * width * channels;
    const offsets = new PaletteOffsets(palette);
    for (const [i, { pixels: decoded }] of pictures.entries()) {
      offsets.add({ picture: toPixels(values.subarray(i * length, (i + 1) * length), channels as NumValues), decoded });
    }
    return offsets.mean();
  } finally {
    model.dispose();
    release();
  }
}
