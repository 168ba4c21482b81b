// Keeping: a visitor may keep a picture they like, and the same recipe is painted again in its place after a reload.
import { encodeEdit, type Interpolation, type PictureEditOptions, type Recipe } from '../../../plugin/index.ts';
import { MAX_SEED } from '../../../runtime/index.ts';
import { recall, remember } from '../memory.ts';

/** What a sitter's picture is made from; the model's defaults stand for whatever is absent. */
export interface SitterRecipe extends Omit<Partial<Recipe>, keyof PictureEditOptions>, PictureEditOptions {
  label: string;
  seed: number;
}

/** Changes that undo an edit: the picture is made from its label and seeds alone. */
export const NO_EDIT = {
  image: undefined,
  mask: undefined,
  strength: undefined,
  resamples: undefined,
  keepAlpha: undefined,
} satisfies PictureEditOptions;

/** What a visitor can change of a recipe; an undefined value removes it. */
export interface RecipeChanges extends PictureEditOptions {
  seed?: number;
  interpolate?: Interpolation | undefined;
}

/** A sitter, as far as keeping needs it. */
interface Placed {
  place: string;
  recipe: SitterRecipe;
}

/** The recipes of the sitters that are kept, by their places, in this browser's localStorage. */
export class Keeping {
  private readonly name: string;
  private readonly recipes: Map<string, SitterRecipe>;

  /** @param modelHash the hash of the model; each model keeps recipes of its own */
  constructor(
    modelHash: string,
    private readonly labels: readonly string[],
    private readonly sizePx: readonly [widthPx: number, heightPx: number],
  ) {
    this.name = `kept ${modelHash.slice(0, 16)}`;
    this.recipes = this.read();
  }

  /** Whether a sitter is kept, and looks now as it was kept. */
  has({ place, recipe }: Placed): boolean {
    const kept = this.recipes.get(place);
    return kept !== undefined && JSON.stringify(kept) === JSON.stringify(essential(recipe));
  }

  /** The recipe that is kept for a place, if there is one. */
  recipeAt(place: string): SitterRecipe | null {
    return this.recipes.get(place) ?? null;
  }

  /** Keeps a sitter as it is now. @returns false where the browser stores nothing */
  keep({ place, recipe }: Placed): boolean {
    this.recipes.set(place, essential(recipe));
    return this.write();
  }

  letGo({ place }: Pick<Placed, 'place'>): void {
    this.recipes.delete(place);
    this.write();
  }

  private write(): boolean {
    return remember(this.name, Object.fromEntries(this.recipes));
  }

  /** Stored data is not trusted: whatever is not a recipe of this model is left out. */
  private read(): Map<string, SitterRecipe> {
    const stored = recall(this.name);
    if (typeof stored !== 'object' || stored === null) return new Map();
    const recipes = Object.entries(stored).filter(([, recipe]) =>
      isRecipe(recipe, this.labels, this.sizePx[0] * this.sizePx[1]),
    );
    return new Map(recipes.map(([place, recipe]) => [place, essential(recipe)]));
  }
}

/** The fields of a recipe that differ from sitter to sitter, always in the same order. */
function essential({ label, seed, guidanceScale, interpolate, ...others }: SitterRecipe): SitterRecipe {
  const varied = interpolate && { interpolate: { seed: interpolate.seed, amount: interpolate.amount } };
  const { image, strength, resamples, keepAlpha } = others;
  const edited = image && { ...encodeEdit(others), strength, ...(resamples && { resamples }), keepAlpha };
  return { label, seed, guidanceScale, ...varied, ...edited };
}

function isRecipe(value: unknown, labels: readonly string[], numPixels: number): value is SitterRecipe {
  if (typeof value !== 'object' || value === null) return false;
  const { label, seed, guidanceScale, interpolate, ...rest } = value as Partial<SitterRecipe>;
  if (!isEdit(rest, numPixels)) return false;
  const isGuidance = typeof guidanceScale === 'number' && guidanceScale >= 0 && guidanceScale <= 20;
  return labels.includes(label!) && isSeed(seed) && isGuidance && (!interpolate || isInterpolation(interpolate));
}

/** Whether the fields are a complete edit, or none at all. */
function isEdit(edit: Partial<SitterRecipe>, numPixels: number): boolean {
  const { image, mask, strength, resamples, keepAlpha, ...rest }: PictureEditOptions = edit;
  if (Object.keys(rest).length > 0) return false;
  if (image === undefined) return Object.keys(edit).length === 0;
  const isStrength = typeof strength === 'number' && strength >= 0 && strength <= 1;
  const isCount = resamples === undefined || [1, 2, 3, 4].includes(resamples);
  const areBytes = isBase64(image, 4 * numPixels) && (mask === undefined || isBase64(mask, numPixels));
  return areBytes && isStrength && isCount && typeof keepAlpha === 'boolean';
}

/** Whether a text is the Base64 form of so many bytes: four letters for three bytes, with `=` at the end. */
function isBase64(text: unknown, numBytes: number): boolean {
  if (typeof text !== 'string' || text.length !== 4 * Math.ceil(numBytes / 3)) return false;
  const padding = '='.repeat((3 - (numBytes % 3)) % 3);
  const letters = text.slice(0, text.length - padding.length);
  return text.endsWith(padding) && /^[A-Za-z0-9+/]+$/.test(letters);
}

function isInterpolation({ seed, amount }: Partial<Interpolation>): boolean {
  return isSeed(seed) && typeof amount === 'number' && amount >= 0 && amount <= 1;
}

function isSeed(seed: unknown): boolean {
  return Number.isInteger(seed) && (seed as number) >= 0 && (seed as number) <= MAX_SEED;
}
