// What suites of the plugin begin each test with: a scene, the tiny model, and what is asked of it.
import type { Scene } from '@babylonjs/core/scene.js';
import { afterEach, beforeEach } from 'vitest';
import type { AssetGenerator } from '../assetGenerator.ts';
import { createScene, loadTiny } from './tinyScene.ts';

export const RECIPE = { label: 'goblin', seed: 12345, guidanceScale: 3 };

/** The scene of the test that runs, and its model. */
export let scene: Scene;
export let tiny: AssetGenerator;

/** Makes them before each test of the suite that calls it, and ends their engine after it. */
export function useTiny(): void {
  beforeEach(async () => {
    scene = createScene();
    tiny = await loadTiny(scene);
  });

  afterEach(() => {
    scene.getEngine().dispose();
  });
}
