import { AssetsManager } from '@babylonjs/core/Misc/assetsManager.js';
import { Logger } from '@babylonjs/core/Misc/logger.js';
import { describe, expect, it, vi } from 'vitest';
import type { Attributes } from '../../runtime/index.ts';
import type { ModelPackage } from '../loading/loadModelBytes.ts';
import { RECIPE, scene, tiny, useTiny } from '../testing/tinySuite.ts';
import { GeneratedTexture } from './generatedTexture.ts';
import { addGeneratedTextureTask, type GeneratedTextureTask } from './generatedTextureTask.ts';
import { loadedModels } from './loadedModels.ts';

useTiny();

const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

describe('GeneratedTextureTask', () => {
  it('makes a texture whose clone keeps the model', async () => {
    const manager = new AssetsManager(scene);
    manager.useDefaultLoadingScreen = false;
    const task = addGeneratedTextureTask(manager, 'hero', 'memory', RECIPE);
    await manager.loadAsync();
    tiny.dispose();
    const copy = task.texture!.clone();
    await settled();
    task.texture!.dispose();
    expect((await copy.regenerateAsync({ seed: 1 })).recipe).toMatchObject({ seed: 1 });
    copy.dispose();
    expect(loadedModels(scene)).toEqual([]);
  });

  it('is done when its picture is', async () => {
    const manager = new AssetsManager(scene);
    manager.useDefaultLoadingScreen = false;
    const task = addGeneratedTextureTask(manager, 'hero', 'memory', RECIPE);
    await manager.loadAsync();
    expect(task.texture!.isReady()).toBe(true);
    expect(task.texture!.name).toBe('hero');
  });

  it('is one of any words, to the compiler, when it is one of certain words', () => {
    const elves = { name: 'elves', files: {} } as unknown as ModelPackage<{ label: 'elf'; attributes: Attributes }>;
    const task: GeneratedTextureTask = addGeneratedTextureTask(new AssetsManager(scene), 'elf', elves, {
      label: 'elf',
    });
    expect(task.name).toBe('elf');
  });

  it('takes what generateTextureAsync takes', async () => {
    const manager = new AssetsManager(scene);
    manager.useDefaultLoadingScreen = false;
    const asked = { ...RECIPE, mipmaps: false, invertY: false, priority: 1, previewEvery: 1 };
    const task = addGeneratedTextureTask(manager, 'hero', 'memory', asked);
    const leaving = new AbortController();
    const left = addGeneratedTextureTask(manager, 'left', 'memory', { label: 'elf', signal: leaving.signal });
    const failed = new Promise((resolve) => {
      left.onError = (_task, problem) => resolve(problem);
    });
    const warn = vi.spyOn(Logger, 'Warn').mockImplementation(() => {});
    const asking = vi.spyOn(GeneratedTexture.prototype, 'regenerateAsync');
    const loading = manager.loadAsync().catch(() => {});
    leaving.abort(new Error('gone'));
    await loading;
    expect(await failed).toBe('gone');
    expect(asking).toHaveBeenCalledWith(RECIPE, { priority: 1, previewEvery: 1, signal: undefined });
    expect(task.texture).toMatchObject({ vScale: -1, vOffset: 1, look: { mipmaps: false } });
    expect(warn).not.toHaveBeenCalled();
    expect(scene.textures).toEqual([task.texture]);
    vi.restoreAllMocks();
  });

  it('fails with what is wrong', async () => {
    const manager = new AssetsManager(scene);
    manager.useDefaultLoadingScreen = false;
    const task = addGeneratedTextureTask(manager, 'hero', 'memory', { label: 'elv' });
    const messageOf = (failing: typeof task) =>
      new Promise((resolve) => {
        failing.onError = (_task, problem) => resolve(problem);
      });
    const large = addGeneratedTextureTask(manager, 'large', 'memory', { label: 'elf', sizePx: 20 });
    const messages = [task, large].map(messageOf);
    await manager.loadAsync().catch(() => {});
    expect(await messages[0]).toMatch(/did you mean "elf"/);
    expect(await messages[1]).toMatch(/the size is 20×20/);
    expect(scene.textures.length).toBe(0);
    tiny.dispose();
    expect(loadedModels(scene)).toEqual([]); // the tasks hold the model no longer
  });
});
