import { AssetsManager } from '@babylonjs/core/Misc/assetsManager.js';
import { describe, expect, it } from 'vitest';
import { RECIPE, scene, tiny, useTiny } from '../testing/tinySuite.ts';
import { addGeneratedTextureTask } from './generatedTextureTask.ts';
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
