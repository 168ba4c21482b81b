// The files that `figment bake` leaves: a PNG for each picture, which holds its own recipe, and a sheet of all.
import { join } from 'node:path';
import { composeAtlas, type SheetTile, scaleNearest, sheetColumns } from '../../runtime/index.ts';
import { writeFileAtomic, writeFilesAtomic } from './atomicWrite.ts';
import { UsageError } from './cliErrors.ts';
import { labelFileName } from './labelFileName.ts';
import { encodePng } from './png.ts';

/** Keyword of the text chunk with the recipe. */
export const RECIPE_KEYWORD = 'figment';

/** Everything that it takes to make the same picture again. */
export interface Recipe {
  figment: 1;
  model: string;
  hash: string; // sha-256 of the model's files
  label: string;
  seed: number;
  sampler: string;
  numInferenceSteps: number;
  guidanceScale: number;
  eta?: number;
  guidanceInterval?: [number, number];
  guidanceRescale?: number;
}

/** A finished picture before scaling: RGBA bytes, straight alpha. */
export interface BakedImage {
  pixels: Uint8Array;
  widthPx: number;
  heightPx: number;
  recipe: Recipe;
}

/** Writes `<label>-<seed>.png` and returns the picture enlarged, for a sheet. */
export async function writeImage(dir: string, image: BakedImage, scale: number): Promise<SheetTile> {
  const { recipe, widthPx, heightPx } = image;
  const name = labelFileName(recipe.label, recipe.seed);
  const pixels = scaleNearest(image.pixels, widthPx, heightPx, scale);
  const text = { [RECIPE_KEYWORD]: JSON.stringify(recipe) };
  const png = encodePng({ width: widthPx * scale, height: heightPx * scale, channels: 4, pixels, text });
  await writeFileAtomic(join(dir, `${name}.png`), png);
  return { name, pixels };
}

/** Size of a sheet of equally many pictures of each label. */
export interface SheetPlan {
  columns: number;
  widthPx: number; // of one picture
  heightPx: number;
}

/** What WebGPU and WebGL can hold in one texture on most machines. */
const MAX_SHEET_PX = 16_384;

/** @throws UsageError when the sheet would be larger than a texture */
export function planSheet(numLabels: number, numEach: number, widthPx: number, heightPx: number): SheetPlan {
  const columns = sheetColumns(numLabels, numEach);
  const width = columns * widthPx;
  const height = Math.ceil((numLabels * numEach) / columns) * heightPx;
  if (Math.max(width, height) <= MAX_SHEET_PX) return { columns, widthPx, heightPx };
  throw new UsageError(
    `bake: the sheet would be ${width}×${height} pixels; at most ${MAX_SHEET_PX} are possible; lower --scale or --count, or leave out --sheet`,
  );
}

/** Writes sheet.png and, after it, sheet.json. */
export async function writeSheet(dir: string, tiles: SheetTile[], plan: SheetPlan, version: string): Promise<void> {
  const { sheet, atlas } = composeAtlas(tiles, plan, 'sheet.png', version);
  await writeFilesAtomic(dir, {
    'sheet.png': encodePng(sheet),
    'sheet.json': new TextEncoder().encode(`${JSON.stringify(atlas, null, 2)}\n`),
  });
}
