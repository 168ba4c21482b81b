import {
  changeRecipe,
  imageSize,
  type ModelInfo,
  type Recipe,
  type RecipeOptions,
  randomSeed,
} from '../../runtime/index.ts';
import type { PictureSource } from '../pictureSource.ts';
import type { PixelArtLook } from '../texture/textureLook.ts';
import { isWorldHeight } from './sheetLayout.ts';

export interface SpritesOptions extends Omit<RecipeOptions, 'label'> {
  /** Default: all labels of the model. */
  labels?: readonly string[];
  /** The number of pictures, dealt out to the labels in turn; default: one for each label. */
  count?: number;
  /** The seed of the first picture, from which the others count up; default: a random one. */
  seed?: number;
  /** A recipe for each cell, in place of `labels` and `count`; the other options are its defaults, and seeds count up. */
  recipes?: readonly RecipeOptions[];
  /** The number of cells that stay empty until `repaintCellAsync`; default 0. */
  numSpareCells?: number;
  /** The manager's name; default: the model's name. */
  name?: string;
  /** The height of sprites that `createSprite` makes, in world units; their width follows. Default: 1. */
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
 * @throws RangeError for a number out of range, an empty list, or what the model cannot paint; as `loadClassifierAsync`
 */
export async function planCellsAsync(source: PictureSource, options: SpritesOptions): Promise<(Recipe | null)[]> {
  const { numSpareCells = 0, worldHeight = 1, capacity = 1 } = options;
  if (!isWorldHeight(worldHeight)) {
    throw new RangeError(`generateSpritesAsync: worldHeight is ${worldHeight}; expected a number above 0`);
  }
  assertWhole('numSpareCells', numSpareCells, 0);
  assertWhole('capacity', capacity, 1);
  const cells = [...askedPictures(source.info, options), ...new Array<null>(numSpareCells).fill(null)];
  return completeCellsAsync(source, cells);
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
  throw new RangeError(`generateSpritesAsync: ${other.join('×')} beside ${widthPx}×${heightPx}; cells are of one size`);
}

function askedPictures(info: ModelInfo, options: SpritesOptions): RecipeOptions[] {
  const { labels = info.labels, count = labels.length, recipes, ...others } = options;
  if ((options as Partial<RecipeOptions>).label !== undefined && !options.labels && !recipes) {
    throw new RangeError('generateSpritesAsync: label is for a single picture; name it among the labels');
  }
  const { name: _n, capacity: _c, numSpareCells: _s, worldHeight: _w, pixelArt: _p, ...recipe } = others;
  if (recipes?.length === 0) throw new RangeError('generateSpritesAsync: recipes is empty; give at least one');
  const firstSeed = options.seed ?? randomSeed();
  const seedOf = (i: number) => (i > 0 ? (firstSeed + i) % 2 ** 32 : firstSeed);
  if (recipes) return recipes.map((own, i) => changeRecipe<RecipeOptions>({ ...recipe, seed: seedOf(i) }, own));
  if (labels.length === 0) throw new RangeError('generateSpritesAsync: labels is empty; name at least one');
  assertWhole('count', count, 1);
  return Array.from({ length: count }, (_, i) => ({ ...recipe, label: labels[i % labels.length]!, seed: seedOf(i) }));
}

function assertWhole(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new RangeError(`generateSpritesAsync: ${name} is ${value}; expected a whole number from ${least}`);
}
