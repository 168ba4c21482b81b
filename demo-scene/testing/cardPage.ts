// The card alone, with a sitter that no model paints.
import { Observable } from '@babylonjs/core/Misc/observable.js';
import type { RecipeChanges, SitterRecipe } from '../tavern/people/keeping.ts';
import type { Artist, Sitter } from '../tavern/people/sitter.ts';
import { Card } from '../tavern/ui/card.ts';

const SIZE_PX = 32;
export const pixels = () => Array.from({ length: 4 * SIZE_PX ** 2 }, (_, i) => (i % 4 === 3 ? 255 : (7 * i) % 256));

const ATTRIBUTES = { gender: ['female', 'male'], hair_colour: ['red', 'grey'], age: { min: 10, max: 90 } };
const asked: RecipeChanges[] = [];
let recipe: SitterRecipe = { label: 'elf', seed: 7, guidanceScale: 2, interpolate: { seed: 5, amount: 0.25 } };

const sitter: Sitter = {
  place: 'frame 1',
  name: 'Elna Mossheart',
  words: 'Good evening.',
  artist: {
    name: 'nobody',
    generator: {
      info: { kind: 'portraits', widthPx: SIZE_PX, attributes: ATTRIBUTES },
      labels: ['elf', 'orc'],
      sizePx: [SIZE_PX, SIZE_PX],
    },
    keeping: { has: () => false },
  } as unknown as Artist,
  get recipe() {
    return recipe;
  },
  isPainting: false,
  isSpokenTo: false,
  onChangedObservable: new Observable(),
  pixelsAsync: async () => Uint8Array.from(pixels()),
  changeAsync: async (changes) => {
    asked.push(changes);
    recipe = { ...recipe, ...changes };
    sitter.onChangedObservable.notifyObservers(sitter);
  },
};

const card = new Card();

export function open(): void {
  card.open(sitter);
}

/** The changes that were asked for last, with bytes as numbers and null for undefined. */
export function lastAsked(): Record<string, unknown> {
  const changes = Object.entries(asked.at(-1) ?? {});
  return Object.fromEntries(
    changes.map(([name, value]) => [name, ArrayBuffer.isView(value) ? [...(value as Uint8Array)] : (value ?? null)]),
  );
}
