// A sitter is whoever or whatever in the tavern has a picture painted by a model: a portrait, a guest, a thing, a surface.
// An artist is a loaded model, together with the recipes that this browser keeps of its pictures.
import type { Observable } from '@babylonjs/core/Misc/observable.js';
import type { AssetGenerator, ModelInfo } from '../../../plugin/index.ts';
import { attributeProblem } from '../../../runtime/index.ts';
import type { Still } from '../../shared/frames.ts';
import { Keeping, type RecipeChanges, type SitterRecipe } from './keeping.ts';

/** The name of a model that a visitor has trained: who knows what it paints. */
export const TRAINED_HERE = 'trained here';

/** A model that paints, with the name it has in copied recipes. */
export class Artist {
  readonly keeping: Keeping;

  constructor(
    readonly generator: AssetGenerator,
    readonly name: string,
  ) {
    this.keeping = keepingOf(generator.info);
  }
}

const keepings = new WeakMap<ModelInfo, Keeping>();

/** All artists with one model keep in one place: those on the wall and those who paint the faces of guests. */
function keepingOf(info: ModelInfo): Keeping {
  const keeping = keepings.get(info) ?? new Keeping(info);
  keepings.set(info, keeping);
  return keeping;
}

/** Somebody or something whose picture a model makes: in a frame, on the floor or on a table. */
export interface Sitter {
  /** The name of its frame, place or spot in the room, which never changes. */
  readonly place: string;
  readonly name: string;
  /** The sentence on the card, below the name. */
  readonly words: string;
  /** The portrait of a guest, whose own picture is a figure; absent where there is none. */
  readonly face?: Sitter | null;
  /** The artist that paints it; null while the model is loading, and where it could not be loaded. */
  readonly artist: Artist | null;
  readonly recipe: SitterRecipe;
  /** Whether a new picture of this sitter is being painted now, so that the card can show that it is busy. */
  readonly isPainting: boolean;
  /** Whether it is gone from the tavern, and its picture stays as it is. */
  readonly hasLeft?: boolean;
  /** True while its card is open: a guest who is spoken to does not leave. */
  isSpokenTo: boolean;
  /** Notified when the picture, its preview or the recipe has changed. */
  readonly onChangedObservable: Observable<Sitter>;
  /** The picture as it is shown now: RGBA bytes, top row first; null before the first one. */
  pixelsAsync(): Promise<Uint8Array | null>;
  /** All maps of a surface as pictures, by name; absent for what has one picture. */
  mapsAsync?(): Promise<Readonly<Record<string, Still>>>;
  /** Paints another picture. @throws an AbortError when a newer request takes its place */
  changeAsync(changes: RecipeChanges): Promise<void>;
  /**
   * Shows the picture with another expression, in its place, until it is called with null; the recipe stays as it is. Absent
   * for what has no face.
   */
  expressAsync?(expression: string | null): Promise<void>;
}

/** What to say where a model could not be loaded. */
export const NO_PAINTER = 'There is no model here to paint it; reload the page to try again.';

/** The changes of each sitter's recipe whose picture is still being painted. */
const changing = new WeakMap<Sitter, RecipeChanges>();

/** The recipe of a sitter once all that is being changed is painted. */
export function recipeToBe(sitter: Sitter): SitterRecipe {
  return { ...sitter.recipe, ...changing.get(sitter) };
}

/** Changes a sitter besides all that is being changed: who changes one thing soon after another gets both. @throws as `changeAsync` */
export async function changeBesidesAsync(sitter: Sitter, changes: RecipeChanges): Promise<void> {
  const all = { ...changing.get(sitter), ...changes };
  changing.set(sitter, all);
  try {
    await sitter.changeAsync(all);
  } finally {
    if (changing.get(sitter) === all) changing.delete(sitter);
  }
}

/** The expressions that a sitter's model knows; none where it knows no such attribute. */
export function expressionsOf({ artist, expressAsync }: Sitter): readonly string[] {
  const { expression } = artist?.generator.info.attributes ?? {};
  return expressAsync && Array.isArray(expression) ? expression : [];
}

/** The label itself where the model knows it; otherwise another label, always the same one. */
export function labelFor(labels: readonly string[], wanted: string): string {
  if (labels.includes(wanted)) return wanted;
  const sum = Array.from(wanted, (letter) => letter.charCodeAt(0)).reduce((a, b) => a + b, 0);
  return labels[sum % labels.length]!;
}

/** The recipe of a picture that is not painted yet: all that its plan asks for, before a model is there that may know less. */
export function wishedRecipe({ label, seed, guidanceScale, attributes }: SitterRecipe): SitterRecipe {
  return { label, seed, guidanceScale, ...(attributes && { attributes }) };
}

/** What a plan asks for, as far as the artist's model knows it. */
export function plannedRecipe(
  { label, seed, guidanceScale, attributes = {} }: SitterRecipe,
  { generator }: Pick<Artist, 'generator'>,
): SitterRecipe {
  const { attributes: vocabulary = {} } = generator.info;
  const known = Object.entries(attributes).filter(([name, value]) => !attributeProblem(vocabulary, name, value));
  return {
    label: labelFor(generator.labels, label),
    seed,
    guidanceScale,
    ...(known.length > 0 && { attributes: Object.fromEntries(known) }),
  };
}
