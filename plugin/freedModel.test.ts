// What of a model's files stays in memory once its generator is disposed, though its textures stay.
import { setTimeout as pause } from 'node:timers/promises';
import type { Scene } from '@babylonjs/core/scene.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { collectGarbage } from '../runtime/testing/collectGarbage.ts';
import { tinyClassifierFiles, tinyModelFolder } from '../runtime/testing/tinyModel.ts';
import { classifierFolderFiles } from '../runtime/weights/classifierFolderFiles.ts';
import { AssetGenerator } from './assetGenerator.ts';
import { createScene, ON_THIS_THREAD } from './testing/tinyScene.ts';

let scene: Scene;

beforeEach(() => {
  scene = createScene();
});

afterEach(() => {
  scene.getEngine().dispose();
});

type Held = readonly [name: string, reference: WeakRef<object>];

/** The names of what is held still, after some collections. */
async function stillHeld(all: readonly Held[]): Promise<string[]> {
  let held = all;
  for (let i = 0; i < 5 && held.length > 0; i++) {
    await pause(5);
    collectGarbage();
    held = held.filter(([, reference]) => reference.deref() !== undefined);
  }
  return held.map(([name]) => name);
}

const refer = (files: Record<string, Uint8Array>): Held[] =>
  Object.entries(files).map(([path, bytes]) => [path, new WeakRef(bytes)]);

it('frees its files, those of its parts and of its classifiers, while a texture and the generator itself stay', async () => {
  const made = await (async () => {
    const files = await tinyModelFolder({ cvae: true });
    const hats = await classifierFolderFiles(tinyClassifierFiles());
    const generator = await AssetGenerator.LoadAsync(files, scene, ON_THIS_THREAD);
    await generator.loadClassifierAsync(hats, { name: 'hats' });
    const texture = await generator.generateTextureAsync({ label: 'elf', seed: 7, pipeline: 'cvae' });
    const refs = [...refer(files), ...refer(hats)];
    return { generator, texture, refs };
  })();
  made.generator.dispose();
  expect(await stillHeld(made.refs)).toEqual([]);
  expect(made.texture.isReady()).toBe(true);
  expect(made.texture.info?.labels).toEqual(made.generator.labels);
});

it('is forgotten by its scene', async () => {
  const source = await (async () => {
    const generator = await AssetGenerator.LoadAsync(await tinyModelFolder(), scene, ON_THIS_THREAD);
    const { source } = generator as unknown as { source: object };
    generator.dispose();
    return new WeakRef(source);
  })();
  expect(await stillHeld([['the source', source]])).toEqual([]);
});
