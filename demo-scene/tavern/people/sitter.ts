// A sitter is whoever or whatever in the tavern has a picture painted by a model: a portrait, a guest, a thing, a surface.
// An artist is a loaded model, together with the recipes that this browser keeps of its pictures.
import type { Observable } from '@babylonjs/core/Misc/observable.js';
import type { AssetGenerator } from '../../../plugin/index.ts';
import { Keeping, type RecipeChanges, type SitterRecipe } from './keeping.ts';

/** A model that paints, with the name it has in copied recipes. */
export class Artist {
  readonly keeping: Keeping;

  constructor(
    readonly generator: AssetGenerator,
    readonly name: string,
  ) {
    this.keeping = new Keeping(generator.info.hash, generator.labels, generator.sizePx);
  }
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

/** The label itself where the model knows it, else always the same other one. */
export function labelFor(labels: readonly string[], wanted: string): string {
  if (labels.includes(wanted)) return wanted;
  const sum = Array.from(wanted, (letter) => letter.charCodeAt(0)).reduce((a, b) => a + b, 0);
  return labels[sum % labels.length]!;
}
