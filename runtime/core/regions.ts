// Where in a picture an attribute shows: when an expression changes the face does, and hair and clothes stay as they are.
import type { Vocabulary } from './attributes.ts';
import { quote } from './errors.ts';

/**
 * The regions of attributes, by name: a row of text for each row of a model's latents, in which a cell is '#' where the attribute
 * shows and '.' where it does not. An attribute without a region may show anywhere.
 */
export type Regions = Readonly<Record<string, readonly string[]>>;

/** A cell of a region, and one beside it. */
export const [INSIDE, OUTSIDE] = ['#', '.'];

/** What is wrong with the regions of a model of these attributes; undefined when nothing is. */
export function regionsProblem(regions: Regions, vocabulary: Vocabulary): string | undefined {
  for (const [name, rows] of Object.entries(regions)) {
    if (!Object.hasOwn(vocabulary, name)) return `${quote(name)} is none of the model's attributes; take it out`;
    if (rows.some((row) => row.length !== rows[0]!.length)) return `the rows of ${quote(name)} differ in length`;
  }
  return undefined;
}

/**
 * The cells that are in the region of one of these attributes or of several.
 *
 * @param names attributes that have a region, at least one
 * @returns     one byte a cell, 0 or 1, row by row
 */
export function cellsOfRegions(regions: Regions, names: readonly string[]): Uint8Array {
  const each = names.map((name) => regions[name]!.join(''));
  return Uint8Array.from(each[0]!, (_, cell) => Number(each.some((cells) => cells[cell] === INSIDE)));
}
