import { Logger } from '@babylonjs/core/Misc/logger.js';
import { nearestWord, quote, RECIPE_KEYS, type RecipeOptions } from '../runtime/index.ts';
import type { GenerateMaterialOptions, GenerateTextureOptions } from './assetGenerator.ts';
import type { SpritesOptions } from './sprite/cells.ts';

/** What the recipes of baked pictures have besides: the files that they were made with. */
const BAKED_WITH = ['figment', 'model', 'hash', 'classifierHash', 'cvaeHash'];

/** Options that stand beside the entries of a recipe, for some call or other. */
const OPTIONS: NamesOf<Omit<GenerateTextureOptions, keyof RecipeOptions>> = {
  name: true,
  invertY: true,
  mipmaps: true,
  samplingMode: true,
  pixelArt: true,
  priority: true,
  signal: true,
  previewEvery: true,
};
const OF_SPRITES: NamesOf<Omit<SpritesOptions, keyof GenerateTextureOptions>> = {
  labels: true,
  count: true,
  recipes: true,
  numSpareCells: true,
  worldHeight: true,
  capacity: true,
};
const OF_MATERIALS: NamesOf<Omit<GenerateMaterialOptions, keyof GenerateTextureOptions>> = {
  tiling: true,
  surface: true,
  parallax: true,
  variations: true,
  cellSize: true,
};

/** All names of some options, so that the compiler tells of one that is missing here. */
type NamesOf<Options> = Readonly<Record<keyof Options, true>>;

/**
 * Warns of entries that no recipe has, which are passed over: a slip of the pen would otherwise give a picture of the
 * defaults without a word.
 *
 * @param warned     the names of which it has warned already; it adds to them
 * @param attributes what the model calls its attributes, which stand in an entry of their own
 */
export function warnOfUnknown(asked: object, warned: Set<string>, attributes: readonly string[] = []): void {
  for (const [name, value] of Object.entries(asked)) {
    if (value === undefined || warned.has(name) || [...RECIPE_KEYS, ...BAKED_WITH].includes(name)) continue;
    warned.add(name);
    const meant = attributes.includes(name) ? `attributes: { ${name} }` : nearestName(name);
    const hint = meant === name ? 'it is an option of another call' : `did you mean ${quote(meant)}?`;
    Logger.Warn(`generate: ${quote(name)} is no entry of a recipe and is passed over; ${hint}`);
  }
}

/** A name that has the word in it, else the one with the fewest other letters. */
function nearestName(word: string): string {
  const names = [...RECIPE_KEYS, ...Object.keys({ ...OPTIONS, ...OF_SPRITES, ...OF_MATERIALS })];
  const longer = names.find((name) => name.toLowerCase().includes(word.toLowerCase()));
  return names.find((name) => name === word) ?? longer ?? nearestWord(names, word)!;
}
