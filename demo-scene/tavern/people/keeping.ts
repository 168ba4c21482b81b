// Keeping: a visitor may keep a picture they like, and the same recipe is painted again in its place after a reload.
import {
  checkRecipe,
  encodeEdit,
  type Interpolation,
  type ModelInfo,
  type PictureEditOptions,
  type Recipe,
} from '../../../plugin/index.ts';
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
  label?: string;
  seed?: number;
  attributes?: Recipe['attributes'];
  sameAs?: Recipe['sameAs'];
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

  /** @param model the model that paints; each model keeps recipes of its own */
  constructor(private readonly model: ModelInfo) {
    this.name = `kept ${model.hash.slice(0, 16)}`;
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
    return this.change((recipes) => recipes.set(place, essential(recipe)));
  }

  letGo({ place }: Pick<Placed, 'place'>): void {
    this.change((recipes) => recipes.delete(place));
  }

  /** Changes one place, here and in the store, where another tab may have kept others since. @returns whether it is stored */
  private change(one: (recipes: Map<string, SitterRecipe>) => void): boolean {
    const stored = this.read();
    for (const recipes of [this.recipes, stored]) one(recipes);
    return remember(this.name, Object.fromEntries(stored));
  }

  /** Stored data is not trusted: whatever is not a recipe of this model is left out. */
  private read(): Map<string, SitterRecipe> {
    const stored = recall(this.name);
    if (typeof stored !== 'object' || stored === null) return new Map();
    const recipes = Object.entries(stored).filter(([, recipe]) => isKeptRecipe(recipe, this.model));
    return new Map(recipes.map(([place, recipe]) => [place, essential(recipe)]));
  }
}

/** The fields of a recipe that differ from sitter to sitter, always in the same order. */
function essential(recipe: SitterRecipe): SitterRecipe {
  const { label, seed, guidanceScale, attributes, sameAs, sameFor, interpolate, ...others } = recipe;
  const directed = { ...(attributes && { attributes }), ...(sameAs && { sameAs }), ...(sameFor && { sameFor }) };
  const varied = interpolate && { interpolate: { seed: interpolate.seed, amount: interpolate.amount } };
  const { image, strength, resamples, keepAlpha } = others;
  const edited = image && { ...encodeEdit(others), strength, ...(resamples && { resamples }), keepAlpha };
  return { label, seed, guidanceScale, ...directed, ...varied, ...edited };
}

/** The entries that `essential` may leave in a recipe. */
const KEPT: readonly string[] = [
  ...['label', 'seed', 'guidanceScale', 'attributes', 'sameAs', 'sameFor', 'interpolate'],
  ...Object.keys(NO_EDIT),
];

function isKeptRecipe(value: unknown, model: ModelInfo): value is SitterRecipe {
  if (typeof value !== 'object' || value === null) return false;
  const recipe = value as SitterRecipe;
  const hasOnlyKept = Object.keys(recipe).every((entry) => KEPT.includes(entry));
  return hasOnlyKept && recipe.seed !== undefined && 'recipe' in checkRecipe(recipe, model);
}
