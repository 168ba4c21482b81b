import type { Observable } from '@babylonjs/core/Misc/observable.js';
import type { Interpolation, PictureEditOptions, Recipe } from '../../../plugin/index.ts';
import type { Artist } from './artist.ts';

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

/** Somebody or something whose picture a model makes: in a frame, on the floor or on a table. */
export interface Sitter {
  /** The frame, the place or the spot in the room, always by the same name. */
  readonly place: string;
  readonly name: string;
  /** What the card tells below the name. */
  readonly words: string;
  /** Who paints it; null while the model is on the way. */
  readonly artist: Artist | null;
  readonly recipe: SitterRecipe;
  /** Whether a picture is being made. */
  readonly isPainting: boolean;
  /** Set while somebody talks to them; who is spoken to does not leave. */
  isSpokenTo: boolean;
  /** Told when the picture, a preview of it, or the recipe is another. */
  readonly onChangedObservable: Observable<Sitter>;
  /** RGBA bytes as they are shown now, top row first; null before there is a picture. */
  pixelsAsync(): Promise<Uint8Array | null>;
  /** Makes another picture; the newest request wins. @throws an AbortError when superseded */
  changeAsync(changes: RecipeChanges): Promise<void>;
}

/** A uint32 for the next picture. */
export function newSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

/** The label itself where the model knows it, else always the same other one. */
export function labelFor(labels: readonly string[], wanted: string): string {
  if (labels.includes(wanted)) return wanted;
  const sum = Array.from(wanted, (letter) => letter.charCodeAt(0)).reduce((a, b) => a + b, 0);
  return labels[sum % labels.length]!;
}
