import { Logger } from '@babylonjs/core/Misc/logger.js';
import { nearestWord, quote, RECIPE_KEYS } from '../runtime/index.ts';

/** What the recipes of baked pictures have besides: the files that they were made with. */
const BAKED_WITH = ['figment', 'model', 'hash', 'classifierHash', 'cvaeHash'];

/** Options that stand beside the entries of a recipe, for some call or other. */
export const OPTIONS = ['name', 'invertY', 'mipmaps', 'samplingMode', 'pixelArt', 'priority', 'signal', 'previewEvery'];
export const OF_SPRITES = ['labels', 'count', 'recipes', 'numSpareCells', 'worldHeight', 'capacity'];
export const OF_SETS = ['vary', 'values'];
export const OF_MATERIALS = ['tiling', 'surface', 'parallax', 'variations', 'cellSize'];
export const OF_WARM_UPS = ['onProgress'];

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
    const attribute = attributes.find((known) => known === name || (name.length > 2 && known.startsWith(name)));
    const meant = attribute === undefined ? nearestEntry(name, value) : `attributes: { ${attribute} }`;
    const hint = meant === name ? 'it is an option of another call' : `did you mean ${quote(meant)}?`;
    Logger.Warn(`generate: ${quote(name)} is no entry of a recipe and is passed over; ${hint}`);
  }
}

/** The name that was meant. Who writes `labels: { brick: 0.6, sand: 0.4 }` means a blend; a list of labels is for sprites. */
const nearestEntry = (name: string, value: unknown) =>
  name === 'labels' && typeof value === 'object' && !Array.isArray(value) ? 'blend' : nearestName(name);

/** A name that has the word in it, else the one with the fewest other letters. */
function nearestName(word: string): string {
  const names = [...RECIPE_KEYS, ...OPTIONS, ...OF_SPRITES, ...OF_SETS, ...OF_MATERIALS, ...OF_WARM_UPS];
  const longer = names.find((name) => name.toLowerCase().includes(word.toLowerCase()));
  return names.find((name) => name === word) ?? longer ?? nearestWord(names, word)!;
}
