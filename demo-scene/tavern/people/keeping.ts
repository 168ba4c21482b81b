// Keeping: a visitor may keep a picture they like, and the same recipe is painted again in its place after a reload.
import { encodeEdit, type Interpolation, type PictureEditOptions, type Recipe } from '../../../plugin/index.ts';
import { recall, remember } from '../memory.ts';

/** What somebody's picture is made from; what is absent is the model's default. */
export interface SitterRecipe extends Omit<Partial<Recipe>, keyof PictureEditOptions>, PictureEditOptions {
  label: string;
  seed: number;
}

/** An edit that is none: the picture is made from its label and seeds alone. */
export const NO_EDIT = {
  image: undefined,
  mask: undefined,
  strength: undefined,
  resamples: undefined,
  keepAlpha: undefined,
} satisfies PictureEditOptions;

/** What can be asked to be another; what is undefined: none. */
export interface RecipeChanges extends PictureEditOptions {
  seed?: number;
  interpolate?: Interpolation | undefined;
}

/** All that keeping looks at of a sitter. */
interface Placed {
  place: string;
  recipe: SitterRecipe;
}

/** The recipes of those who are to be there again after a reload, by their places; in this browser's localStorage. */
export class Keeping {
  private readonly name: string;
  private readonly recipes: Map<string, SitterRecipe>;

  /** @param modelHash of the model that painted them; with another model others are kept */
  constructor(
    modelHash: string,
    private readonly labels: readonly string[],
    private readonly sizePx: readonly [widthPx: number, heightPx: number],
  ) {
    this.name = `kept ${modelHash.slice(0, 16)}`;
    this.recipes = this.read();
  }

  /** Whether a sitter is kept as it is now. */
  has({ place, recipe }: Placed): boolean {
    const kept = this.recipes.get(place);
    return kept !== undefined && JSON.stringify(kept) === JSON.stringify(essential(recipe));
  }

  /** What is kept for a place. */
  recipeAt(place: string): SitterRecipe | null {
    return this.recipes.get(place) ?? null;
  }

  /** Keeps a sitter as it is now. @returns whether the browser lets it be kept */
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

  /** What is stored is not trusted: what is no recipe of this model is left out. */
  private read(): Map<string, SitterRecipe> {
    const stored = recall(this.name);
    if (typeof stored !== 'object' || stored === null) return new Map();
    const recipes = Object.entries(stored).filter(([, recipe]) =>
      isRecipe(recipe, this.labels, this.sizePx[0] * this.sizePx[1]),
    );
    return new Map(recipes.map(([place, recipe]) => [place, essential(recipe)]));
  }
}

/** What differs from sitter to sitter, in one order. */
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

/** Nothing at all is none, and fine. */
function isEdit(edit: Partial<SitterRecipe>, numPixels: number): boolean {
  const { image, mask, strength, resamples, keepAlpha, ...rest }: PictureEditOptions = edit;
  if (Object.keys(rest).length > 0) return false;
  if (image === undefined) return Object.keys(edit).length === 0;
  const isStrength = typeof strength === 'number' && strength >= 0 && strength <= 1;
  const isCount = resamples === undefined || [1, 2, 3, 4].includes(resamples);
  const areBytes = isBase64(image, 4 * numPixels) && (mask === undefined || isBase64(mask, numPixels));
  return areBytes && isStrength && isCount && typeof keepAlpha === 'boolean';
}

/** Whether a text stands for so many bytes: four letters for three, `=` for those that are missing at the end. */
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
  return Number.isInteger(seed) && (seed as number) >= 0 && (seed as number) < 2 ** 32;
}
