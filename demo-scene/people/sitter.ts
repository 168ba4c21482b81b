import type { Observable } from '@babylonjs/core/Misc/observable.js';

/** What a person's picture is made from. */
export interface SitterRecipe {
  label: string;
  seed: number;
  guidanceScale?: number;
  numInferenceSteps?: number;
  sampler?: string;
}

/** Somebody whose picture the model makes: in a frame or at a table. */
export interface Sitter {
  readonly place: 'portrait' | 'guest';
  readonly name: string;
  readonly recipe: SitterRecipe;
  /** Whether a picture is being made. */
  readonly isPainting: boolean;
  /** Told when the picture, a preview of it, or the recipe is another. */
  readonly onChangedObservable: Observable<Sitter>;
  /** RGBA bytes as they are shown now, top row first; null before there is a picture. */
  pixelsAsync(): Promise<Uint8Array | null>;
  /** Makes another picture from a new seed; the newest request wins. */
  rerollAsync(): Promise<void>;
}

/** A uint32 for the next picture. */
export function newSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}
