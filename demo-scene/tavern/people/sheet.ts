// The character sheet: what a visitor can choose of somebody's looks, as far as the models know it. A guest has two pictures,
// a face and a figure, which are changed together.
import { characterChanges } from '../../../plugin/index.ts';
import { type Attributes, type AttributeValues, attributeProblem } from '../../../runtime/index.ts';
import { attributesToChoose } from '../../shared/attributesToChoose.ts';
import { ownValue } from '../../shared/ownValue.ts';
import { NO_EDIT, type RecipeChanges, type SitterRecipe } from './keeping.ts';
import { changeBesidesAsync, recipeToBe, type Sitter } from './sitter.ts';

/** One line of the sheet. */
export interface SheetEntry {
  name: string;
  values: AttributeValues;
  /** The value that the recipe asks for now; null when it leaves the attribute open. */
  chosen: string | number | null;
  /** False for the label, since a picture always has one; "any" can be chosen for everything else. */
  canBeAny: boolean;
}

/** A picture of somebody, and what its label is called on the sheet. */
interface Part {
  sitter: Sitter;
  labelName: 'kind' | 'role';
}

/** Somebody's sheet: the labels first, then the models' attributes, each once. What has one value alone is left out. */
export function sheetOf(sitter: Sitter): SheetEntry[] {
  const parts = partsOf(sitter);
  const entries = new Map<string, SheetEntry>();
  for (const { sitter: part, labelName } of parts) {
    const { labels } = part.artist!.generator;
    if (labels.length < 2 || entries.has(labelName)) continue;
    entries.set(labelName, { name: labelName, values: labels, chosen: part.recipe.label, canBeAny: false });
  }
  for (const { sitter: part } of parts) {
    const offered = attributesToChoose(part.artist!.generator.info, part.recipe);
    for (const [name, values] of Object.entries(offered)) {
      if (entries.has(name)) continue;
      entries.set(name, { name, values, chosen: ownValue(part.recipe.attributes ?? {}, name) ?? null, canBeAny: true });
    }
  }
  return [...entries.values()];
}

/**
 * Changes one line of a sheet, in each picture that knows it; the rest of the person stays. An edit of a part is undone, since that
 * keeps all else of its picture as it is.
 *
 * @param value null: any; of what two pictures show, one value that goes with the rest of the person
 */
export async function changeSheetAsync(sitter: Sitter, name: string, value: string | number | null): Promise<void> {
  const parts = partsOf(sitter);
  const wanted = value ?? sharedValue(parts, name);
  const changing = parts.map(({ sitter: part, labelName }) => {
    const { labels, info } = part.artist!.generator;
    const whole = recipeToBe(part).image ? { ...NO_EDIT, interpolate: undefined } : {};
    if (labelName === name) {
      return labels.includes(String(wanted)) ? changeBesidesAsync(part, { ...whole, label: String(wanted) }) : null;
    }
    const { attributes: vocabulary = {} } = info;
    if (!Object.hasOwn(vocabulary, name)) return null;
    if (wanted !== null && attributeProblem(vocabulary, name, wanted)) return null; // the other picture knows it
    return changeBesidesAsync(part, { ...whole, ...withAttribute(recipeToBe(part), name, wanted) });
  });
  await Promise.all(changing);
}

/** A value, drawn by the seed, of an attribute that face and figure both show, so that they agree; null where only one does. */
function sharedValue(parts: readonly Part[], name: string): string | number | null {
  if (parts.length < 2) return null;
  const models = parts.map(({ sitter }) => sitter.artist!.generator.info);
  const recipes = parts.map(({ sitter }) => recipeToBe(sitter));
  const [change] = characterChanges({ [name]: undefined }, models, recipes, recipes[0]!.seed);
  return ownValue(change!.attributes, name) ?? null;
}

/** The same person with one attribute changed, or left open. */
export function withAttribute(recipe: SitterRecipe, name: string, value: string | number | null): RecipeChanges {
  const { attributes = {}, sameAs = {} } = recipe;
  const { [name]: _, ...others } = attributes;
  const before = ownValue(sameAs, name) ?? ownValue(attributes, name) ?? ANY;
  const changed: Attributes = value === null ? others : { ...attributes, [name]: value };
  const hasAny = Object.keys(changed).length > 0;
  return { attributes: hasAny ? changed : undefined, sameAs: { ...sameAs, [name]: before } };
}

const ANY = 'any';

function partsOf(sitter: Sitter): Part[] {
  const { face } = sitter;
  const own: Part[] = sitter.artist ? [{ sitter, labelName: 'kind' }] : [];
  if (!face?.artist) return own;
  const kinds = face.artist.generator.labels;
  const isOfKinds = sitter.artist?.generator.labels.every((label) => kinds.includes(label));
  return [
    { sitter: face, labelName: 'kind' },
    ...own.map((part): Part => ({ ...part, labelName: isOfKinds ? 'kind' : 'role' })),
  ];
}
