// A game may ask for the same picture again and again, such as in each frame, while it is painted.
import { afterEach, expect, it, vi } from 'vitest';
import { PixelStore } from './cache/pixelStore.ts';
import { useIndexedDb } from './testing/indexedDb.ts';
import { loadTiny } from './testing/tinyScene.ts';
import { RECIPE, scene, tiny, useTiny } from './testing/tinySuite.ts';

useIndexedDb();
useTiny();

const NEXT = { label: 'elf', seed: 8, numInferenceSteps: 12 };
const ALL_STEPS = Array.from({ length: NEXT.numInferenceSteps }, (_, i) => i + 1);
const tick = () => new Promise((resolve) => setTimeout(resolve));

/** How each request ended: `painted`, or the name of what it rejected with. */
const ends: Promise<string>[] = [];

afterEach(() => {
  ends.length = 0;
});

/** Has the store know no picture, and say so at once: from disk its answer may come after the picture is painted. */
function emptyStore(): void {
  vi.spyOn(PixelStore.prototype, 'getAsync').mockResolvedValue(null);
}

function note(asked: Promise<unknown>): void {
  ends.push(
    asked.then(
      () => 'painted',
      (error: Error) => error.name,
    ),
  );
}

it('a texture goes on with a picture that is asked for again at each of its steps', async () => {
  emptyStore();
  const texture = await tiny.generateTextureAsync(RECIPE);
  const steps: number[] = [];
  const ask = () => note(texture.regenerateAsync(NEXT, { priority: ends.length }));
  texture.onProgressObservable.add(({ step }) => {
    steps.push(step);
    ask();
  });
  ask();
  await vi.waitUntil(() => texture.recipe?.seed === NEXT.seed && !texture.isGenerating, { timeout: 30_000 });
  expect(steps).toEqual(ALL_STEPS);
  expect(await ends[0]).toBe('AbortError');
  expect(await ends.at(-1)).toBe('painted');
});

it('a cell goes on with a picture that is asked for again at each of its steps', async () => {
  emptyStore();
  const sprites = await tiny.generateSpritesAsync({ labels: ['orc'], count: 1, seed: 3 });
  const steps: number[] = [];
  const ask = () => note(sprites.repaintCellAsync(0, NEXT, { priority: ends.length }));
  sprites.onCellProgressObservable.add(({ step }) => {
    steps.push(step);
    ask();
  });
  ask();
  await vi.waitUntil(() => sprites.cells[0]?.seed === NEXT.seed && !sprites.isPainting(0), { timeout: 30_000 });
  expect(steps).toEqual(ALL_STEPS);
  expect(await ends[0]).toBe('AbortError');
  expect(await ends.at(-1)).toBe('painted');
});

it('a picture is painted though it is asked for again before the store has answered', async () => {
  const slow = await loadTiny(scene);
  const { texture, finished } = slow.beginTexture(RECIPE);
  await finished;
  vi.spyOn(PixelStore.prototype, 'getAsync').mockImplementation(async () => {
    for (let i = 0; i < 5; i++) await tick();
    return null;
  });
  const steps: number[] = [];
  texture.onProgressObservable.add(({ step }) => steps.push(step));
  while (texture.recipe?.seed !== NEXT.seed) {
    note(texture.regenerateAsync(NEXT));
    await tick();
  }
  expect(steps).toEqual(ALL_STEPS);
  expect(await ends.at(-1)).toBe('painted');
});
