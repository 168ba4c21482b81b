import {
  changeRecipe,
  imageSize,
  type ModelInfo,
  type ModelWords,
  nextSeed,
  quote,
  type Recipe,
  type RecipeOptions,
  randomSeed,
} from '../../runtime/index.ts';
import type { PictureSource } from '../pictureSource.ts';
import { maxSizeIn, type PixelArtLook } from '../texture/textureLook.ts';
import { isWorldHeight, sheetSize } from './sheetLayout.ts';

export interface SpritesOptions<Words extends ModelWords = ModelWords> extends Omit<RecipeOptions<Words>, 'label'> {
  /** Default: all labels of the model. */
  labels?: readonly Words['label'][];
  /** The number of pictures, from 1, dealt out to the labels in turn; a sheet is 8192 pixels a side at most, or less where the device's textures are smaller. Default: one for each label. */
  count?: number;
  /** The seed of the first picture, from which the others count up; default: a random one. */
  seed?: number;
  /** A recipe for each cell, in place of `labels` and `count`; the other options are its defaults, and seeds count up. */
  recipes?: readonly RecipeOptions<Words>[];
  /** The number of cells that stay empty until `repaintCellAsync`; default 0. */
  numSpareCells?: number;
  /** The manager's name; default: the model's name. */
  name?: string;
  /**
   * The height of sprites that `createSprite` makes, in world units; their width follows. It is that of the whole cell, of which
   * pictures leave some rows free. Default: 1.
   */
  worldHeight?: number;
  /** Snaps pictures to a palette and enlarges them 2 or 4 times, as it does textures. By default they stay as they are painted. */
  pixelArt?: PixelArtLook;
  /** The most sprites that there can be at once; default: four for each cell. */
  capacity?: number;
}

/**
 * Plans what is painted in each cell of a sheet; null stands for an empty cell. Classifiers that recipes name by their
 * address are loaded.
 *
 * @throws RangeError for a number out of range, more cells than a sheet can hold, an empty list, or what the model cannot paint;
 *         as `loadClassifierAsync`
 */
export async function planCellsAsync(source: PictureSource, options: SpritesOptions): Promise<(Recipe | null)[]> {
  const { numSpareCells = 0, worldHeight = 1, capacity = 1 } = options;
  if (!isWorldHeight(worldHeight)) {
    throw new RangeError(`generateSpritesAsync: worldHeight is ${quote(worldHeight)}; expected a number above 0`);
  }
  assertWhole('numSpareCells', numSpareCells, 0);
  assertWhole('capacity', capacity, 1);
  const pictures = askedPictures(source, options);
  return completeCellsAsync(source, [...pictures, ...new Array<null>(numSpareCells).fill(null)]);
}

/** Completes the recipes of cells, once their classifiers are loaded. @throws as `planCellsAsync` */
export async function completeCellsAsync(
  source: PictureSource,
  cells: readonly (RecipeOptions | null)[],
): Promise<(Recipe | null)[]> {
  await Promise.all(cells.map((recipe) => recipe && source.missingClassifier(recipe)));
  return cells.map((recipe) => recipe && source.complete(recipe));
}

/**
 * The size of a sheet's cells.
 *
 * @throws RangeError when their pictures differ in size
 */
export function cellSize(cells: readonly (Recipe | null)[], info: ModelInfo): [widthPx: number, heightPx: number] {
  const sizes = cells.flatMap((recipe) => (recipe ? [imageSize(info, recipe)] : []));
  const [widthPx, heightPx] = sizes[0] ?? imageSize(info, {});
  const other = sizes.find((size) => size[0] !== widthPx || size[1] !== heightPx);
  if (!other) return [widthPx, heightPx];
  throw new RangeError(
    `generateSpritesAsync: ${other.join('×')} beside ${widthPx}×${heightPx}; cells are of one size, so give all recipes the same width and height`,
  );
}

/** @throws RangeError for an empty list, or more pictures and empty cells than a sheet can hold */
function askedPictures({ info, scene }: PictureSource, options: SpritesOptions): RecipeOptions[] {
  const { labels = info.labels, count = labels.length, recipes, ...others } = options;
  if ((options as Partial<RecipeOptions>).label !== undefined && !options.labels && !recipes) {
    throw new RangeError('generateSpritesAsync: label is for a single picture; name it among the labels');
  }
  const { name: _n, capacity: _c, numSpareCells = 0, worldHeight: _w, pixelArt, ...recipe } = others;
  if (recipes?.length === 0) throw new RangeError('generateSpritesAsync: recipes is empty; give at least one');
  for (const [i, asked] of recipes?.entries() ?? []) {
    if (asked) continue;
    throw new RangeError(`generateSpritesAsync: recipe ${i} is ${asked}; expected one, or {} for any picture`);
  }
  if (!recipes && labels.length === 0) {
    throw new RangeError('generateSpritesAsync: labels is empty; name at least one');
  }
  const numPictures = recipes?.length ?? count;
  assertWhole('count', numPictures, 1);
  const firstSeed = options.seed ?? randomSeed();
  const pictureOf = (i: number): RecipeOptions => {
    const seed = i > 0 ? nextSeed(firstSeed, i) : firstSeed;
    if (recipes) return changeRecipe<RecipeOptions>({ ...recipe, seed }, recipes[i]!);
    return { ...recipe, label: labels[i % labels.length]!, seed };
  };
  const numCells = numPictures + numSpareCells;
  const cells = { cellSize: imageSize(info, pictureOf(0)), numCells, pixelArt };
  sheetSize(cells, maxSizeIn(scene)); // to plan too many would take minutes
  return Array.from({ length: numPictures }, (_, i) => pictureOf(i));
}

function assertWhole(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new RangeError(`generateSpritesAsync: ${name} is ${quote(value)}; expected a whole number from ${least}`);
}
