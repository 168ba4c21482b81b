import type { Interpolation } from '../../plugin/index.ts';
import { recall, remember } from '../ui/memory.ts';
import type { Sitter, SitterRecipe } from './sitter.ts';

/** Who of the sitters has a place and a recipe; all that keeping looks at. */
type Kept = Pick<Sitter, 'place' | 'recipe'>;

/** The recipes of those who are to be there again after a reload, by their places; in this browser's localStorage. */
export class Keeping {
  private readonly name: string;
  private readonly recipes: Map<string, SitterRecipe>;

  /** @param modelHash of the model that painted them; with another model others are kept */
  constructor(
    modelHash: string,
    private readonly labels: readonly string[],
  ) {
    this.name = `kept ${modelHash.slice(0, 16)}`;
    this.recipes = this.read();
  }

  /** Whether a sitter is kept as it is now. */
  has({ place, recipe }: Kept): boolean {
    const kept = this.recipes.get(place);
    return kept !== undefined && JSON.stringify(kept) === JSON.stringify(essential(recipe));
  }

  /** What is kept for a place. */
  recipeAt(place: string): SitterRecipe | null {
    return this.recipes.get(place) ?? null;
  }

  /** Keeps a sitter as it is now. @returns whether the browser lets it be kept */
  keep({ place, recipe }: Kept): boolean {
    this.recipes.set(place, essential(recipe));
    return this.write();
  }

  letGo({ place }: Pick<Sitter, 'place'>): void {
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
    const recipes = Object.entries(stored).filter(([, recipe]) => isRecipe(recipe, this.labels));
    return new Map(recipes.map(([place, recipe]) => [place, essential(recipe)]));
  }
}

/** What differs from sitter to sitter, in one order. */
function essential({ label, seed, guidanceScale, interpolate }: SitterRecipe): SitterRecipe {
  const varied = interpolate && { interpolate: { seed: interpolate.seed, amount: interpolate.amount } };
  return { label, seed, guidanceScale, ...varied };
}

function isRecipe(value: unknown, labels: readonly string[]): value is SitterRecipe {
  if (typeof value !== 'object' || value === null) return false;
  const { label, seed, guidanceScale, interpolate, ...rest } = value as Partial<SitterRecipe>;
  if (Object.keys(rest).length > 0) return false;
  const isGuidance = typeof guidanceScale === 'number' && guidanceScale >= 0 && guidanceScale <= 20;
  return labels.includes(label!) && isSeed(seed) && isGuidance && (!interpolate || isInterpolation(interpolate));
}

function isInterpolation({ seed, amount }: Partial<Interpolation>): boolean {
  return isSeed(seed) && typeof amount === 'number' && amount >= 0 && amount <= 1;
}

function isSeed(seed: unknown): boolean {
  return Number.isInteger(seed) && (seed as number) >= 0 && (seed as number) < 2 ** 32;
}
