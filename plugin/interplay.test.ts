// What happens to requests when something else happens meanwhile: another request, a disposal, a lost device.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Recipe, RecipeOptions } from '../runtime/index.ts';
import { AssetGenerator } from './assetGenerator.ts';
import { backendsInUse } from './painting/threadPainter.ts';
import { PictureSource } from './pictureSource.ts';
import { asOnGpu } from './testing/asOnGpu.ts';
import {
  createScene,
  loadTiny,
  loadTinyMaterials,
  loadTinyTextures,
  next,
  ON_THIS_THREAD,
} from './testing/tinyScene.ts';
import { GeneratedTexture } from './texture/generatedTexture.ts';

const RECIPE: RecipeOptions = { label: 'goblin', seed: 12345 };

let scene: ReturnType<typeof createScene>;
beforeEach(() => {
  scene = createScene();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  scene.getEngine().dispose();
});

/** The name of what a promise rejects with; `resolved` where it does not. */
const outcome = (promise: Promise<unknown>) =>
  promise.then(
    () => 'resolved',
    (error: Error) => error.name,
  );

describe('requests', () => {
  it('that wait for the model of a scene file begin as they were asked, whoever has a signal', async () => {
    const materials = await loadTinyMaterials(scene);
    const saved = (await materials.generateTextureAsync({ label: 'brick', seed: 1 })).serialize()!;
    const texture = GeneratedTexture.Parse(structuredClone(saved), scene, '');
    const { signal } = new AbortController();
    const first = outcome(texture.varyAsync({ wear: 1 }, { signal }));
    await texture.varyAsync({ colour: 'red' });
    expect(await first).toBe('AbortError'); // its changes are made by the second
    expect(texture.recipe!.attributes).toEqual({ wear: 1, colour: 'red' });
  });

  it.each([{ previewEvery: 0.5 }, { priority: 'high' as never }])(
    'refused for %j leave what runs alone',
    async (how) => {
      const tiny = await loadTiny(scene);
      const texture = await tiny.generateTextureAsync(RECIPE);
      const { sheet } = await tiny.generateSpritesAsync({ labels: ['elf'], seed: 1 });
      const running = [texture.regenerateAsync({ seed: 5 }), sheet.repaintCellAsync(0, { seed: 5 })].map(outcome);
      expect(await outcome(texture.regenerateAsync({ seed: 6 }, how))).toBe('RangeError');
      expect(await outcome(sheet.repaintCellAsync(0, { seed: 6 }, how))).toBe('RangeError');
      expect(await Promise.all(running)).toEqual(['resolved', 'resolved']);
      expect([texture.recipe!.seed, sheet.cells[0]!.seed]).toEqual([5, 5]);
    },
  );

  it('for textures larger than the device has are refused', async () => {
    const textures = await loadTinyTextures(scene);
    scene.getEngine().getCaps().maxTextureSize = 4096;
    const large = { label: 'brick', seed: 1, widthPx: 2048, heightPx: 16, pixelArt: { factor: 4 } } as const;
    await expect(textures.generateTextureAsync(large)).rejects.toThrow(
      'GeneratedTexture: 8192×64 pixels; textures of this device have at most 4096 a side',
    );
    expect(scene.textures).toEqual([]);
  });
});

describe('after a lost device', () => {
  it('what is drawn again takes no place of a request that waits for its classifier', async () => {
    const texture = await (await loadTiny(scene)).generateTextureAsync(RECIPE);
    let arrive = () => {};
    vi.spyOn(PictureSource.prototype, 'missingClassifier').mockReturnValueOnce(
      new Promise((resolve) => {
        arrive = () => resolve({} as never);
      }),
    );
    const asked = outcome(texture.regenerateAsync({ seed: 99 }));
    asOnGpu(texture);
    scene.getEngine().onContextRestoredObservable.notifyObservers(scene.getEngine());
    await next(texture.onGeneratedObservable);
    arrive();
    expect(await asked).toBe('resolved');
    expect((texture.recipe as Recipe).seed).toBe(99);
  });

  it('a painter that cannot be made whole is not left behind', async () => {
    const before = backendsInUse();
    const generator = await loadTiny(scene);
    const { painter, classifiers } = (generator as never as { source: Record<'painter' | 'classifiers', never> })
      .source;
    (painter as { lose(): void }).lose();
    vi.spyOn(classifiers as { addAllTo(): Promise<void> }, 'addAllTo').mockRejectedValueOnce(new Error('lost again'));
    await (painter as { restoreAsync(): Promise<void> }).restoreAsync();
    generator.dispose();
    expect(backendsInUse()).toEqual(before);
  });
});

describe('a disposal', () => {
  it('ends the loading of classifiers', async () => {
    const signals: AbortSignal[] = [];
    const generator = await loadTiny(scene);
    vi.stubGlobal('fetch', (_: unknown, init: RequestInit) => {
      signals.push(init.signal!);
      return new Promise(() => {});
    });
    const steered = { ...RECIPE, classifier: 'https://slow.example/c', classifierLabel: 'x' };
    const asked = [generator.generateTextureAsync(steered), generator.loadClassifierAsync('https://slow.example/d')];
    const ended = asked.map(outcome);
    await vi.waitFor(() => expect(signals.length).toBeGreaterThan(1));
    generator.dispose();
    expect(await Promise.all(ended)).toEqual(['AbortError', 'AbortError']);
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
  });

  it('of the scene ends the loading of models', async () => {
    const fetched = vi.fn((_: unknown, { signal }: RequestInit) => {
      return new Promise((_resolve, reject) => signal!.addEventListener('abort', () => reject(signal!.reason)));
    });
    vi.stubGlobal('fetch', fetched);
    const loading = outcome(AssetGenerator.LoadAsync('https://slow.example/m', scene, ON_THIS_THREAD));
    await vi.waitFor(() => expect(fetched).toHaveBeenCalled());
    scene.getEngine().dispose();
    expect(await loading).toBe('AbortError');
  });
});
