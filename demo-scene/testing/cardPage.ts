// The card alone, with sitters that no model paints.
import { Observable } from '@babylonjs/core/Misc/observable.js';
import { parseFrames } from '../../runtime/core/frames.ts';
import type { RecipeChanges, SitterRecipe } from '../tavern/people/keeping.ts';
import type { Artist, Sitter } from '../tavern/people/sitter.ts';
import { Card } from '../tavern/ui/card.ts';

const SIZE_PX = 32;
export const pixels = () => Array.from({ length: 4 * SIZE_PX ** 2 }, (_, i) => (i % 4 === 3 ? 255 : (7 * i) % 256));

const ATTRIBUTES = { gender: ['female', 'male'], hair_colour: ['red', 'grey'], age: { min: 10, max: 90 } };
const asked: RecipeChanges[] = [];
let recipe: SitterRecipe = { label: 'elf', seed: 7, guidanceScale: 2, interpolate: { seed: 5, amount: 0.25 } };
let kept: SitterRecipe | null = null;
let isSlow = false;
let isGone = false;
/** Ends the painting that goes on: with an error, or well. */
let endPainting: ((error?: Error) => void) | null = null;

const LABELS = ['elf', 'orc'];

const sitter: Sitter = {
  place: 'frame 1',
  name: 'Elna Mossheart',
  words: 'Good evening.',
  artist: {
    name: 'nobody',
    generator: {
      info: { kind: 'portraits', labels: LABELS, widthPx: SIZE_PX, heightPx: SIZE_PX, attributes: ATTRIBUTES },
      labels: LABELS,
      sizePx: [SIZE_PX, SIZE_PX],
    },
    keeping: {
      has: () => kept === recipe,
      keep: () => {
        kept = recipe;
        return true;
      },
      letGo: () => {
        kept = null;
      },
    },
  } as unknown as Artist,
  get recipe() {
    return recipe;
  },
  get isPainting() {
    return endPainting !== null;
  },
  get hasLeft() {
    return isGone;
  },
  isSpokenTo: false,
  onChangedObservable: new Observable(),
  pixelsAsync: async () => Uint8Array.from(pixels()),
  changeAsync: async (changes) => {
    asked.push(changes);
    recipe = { ...recipe, ...changes };
    sitter.onChangedObservable.notifyObservers(sitter);
    if (isSlow) await painted();
  },
};

/** Settles when the painting is ended, or when a newer one takes its place. */
function painted(): Promise<void> {
  endPainting?.(new DOMException('a newer picture was asked for', 'AbortError'));
  return new Promise((resolve, reject) => {
    endPainting = (error) => {
      endPainting = null;
      if (error) reject(error);
      else resolve();
    };
  });
}

const LARGE_PX = 64;
let arrived: Artist | null = null;
let isGivenUp = false;

/** Somebody whose model is on the way, and makes larger pictures. */
const early: Sitter = {
  place: 'frame 2',
  name: 'Brabin Oakhand',
  words: 'Patience.',
  get artist() {
    return arrived;
  },
  recipe: { label: 'orc', seed: 8 },
  get isPainting() {
    return arrived === null && !isGivenUp;
  },
  isSpokenTo: false,
  onChangedObservable: new Observable(),
  pixelsAsync: async () => arrived && new Uint8Array(4 * LARGE_PX ** 2).fill(255),
  changeAsync: async () => {},
};

const FRAMES = parseFrames([
  { direction: 'left', frame: 0 },
  { direction: 'down', frame: 'stand' },
]);

/** A guest whose face nobody paints: a frame of 1s, and one of 2s in which it stands. */
const faceless: Sitter = {
  ...early,
  place: 'floor 1',
  artist: {
    name: 'nobody',
    generator: {
      info: { kind: 'characters', labels: ['orc'], widthPx: 16, heightPx: 12, frames: FRAMES },
      labels: ['orc'],
      sizePx: [16, 12],
    },
    keeping: { has: () => false },
  } as unknown as Artist,
  isPainting: false,
  pixelsAsync: async () =>
    Uint8Array.from({ length: 4 * 16 * 12 }, (_, i) => (i % 4 === 3 ? 255 : i % 64 < 32 ? 1 : 2)),
};

/** A surface of one tile, whose maps cannot be read. */
const surface: Sitter = {
  ...faceless,
  place: 'surface wall',
  name: 'The walls',
  artist: {
    name: 'nobody',
    generator: {
      info: { kind: 'materials', labels: ['stone'], widthPx: 16, heightPx: 12, channels: 6 },
      labels: ['stone'],
      sizePx: [16, 12],
    },
    keeping: { has: () => false },
  } as unknown as Artist,
  recipe: { label: 'stone', seed: 9 },
  mapsAsync: () => Promise.reject(new Error('The maps cannot be read.')),
};

const card = new Card();

export function open(): void {
  isGone = false;
  card.open(sitter);
}

/** Opens the card of somebody whose hair has a colour that the model does not offer, as another kind may have left it. */
export function openWithHair(colour: string): void {
  recipe = { ...recipe, attributes: { hair_colour: colour } };
  card.open(sitter);
}

/** Closes the card and opens it again, before the browser tells that it has closed. */
export function reopen(): void {
  card.close();
  card.open(sitter);
}

/** Lets go of the picture that the card has kept, and opens the card again. */
export function letGo(): void {
  kept = null;
  card.open(sitter);
}

/** The seed of the picture that is kept. */
export function keptSeed(): number | null {
  return kept?.seed ?? null;
}

export function openEarly(): void {
  [arrived, isGivenUp] = [null, false];
  card.open(early);
}

/** The model of somebody early does not come. */
export function giveUp(): void {
  isGivenUp = true;
  early.onChangedObservable.notifyObservers(early);
}

/** A guest whose card is open leaves. */
export function leave(): void {
  isGone = true;
  sitter.onChangedObservable.notifyObservers(sitter);
}

export function openFaceless(): void {
  card.open(faceless);
}

export function openSurface(): void {
  card.open(surface);
}

/** Opens the card of a guest with a face and a figure. */
export function openGuest(): void {
  card.open({ ...faceless, face: sitter });
}

export function arrive(): void {
  const { artist } = sitter;
  arrived = { ...artist!, generator: { ...artist!.generator, sizePx: [LARGE_PX, LARGE_PX] } } as unknown as Artist;
  early.onChangedObservable.notifyObservers(early);
}

/** From now on a painting lasts until `finish` is called. */
export function paintSlowly(): void {
  isSlow = true;
}

/** @param problem why the painting fails; undefined: it does not */
export function finish(problem?: string): void {
  endPainting?.(problem === undefined ? undefined : new Error(problem));
}

/** The changes that were asked for last, with bytes as numbers and null for undefined. */
export function lastAsked(): Record<string, unknown> {
  const changes = Object.entries(asked.at(-1) ?? {});
  return Object.fromEntries(
    changes.map(([name, value]) => [name, ArrayBuffer.isView(value) ? [...(value as Uint8Array)] : (value ?? null)]),
  );
}
