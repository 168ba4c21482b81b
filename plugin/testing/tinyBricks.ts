// What the suites of surface materials begin each test with: a scene, the tiny model of textures, and bricks made by it.
import type { Scene } from '@babylonjs/core/scene.js';
import { afterEach, beforeEach } from 'vitest';
import type { AssetGenerator } from '../assetGenerator.ts';
import type { GenerateMaterialOptions } from '../generateOptions.ts';
import type { SurfaceMaterial } from '../material/surfaceMaterial.ts';
import { createScene, loadTinyTextures } from './tinyScene.ts';

/** Both sides of a tile. */
export const SIZE_PX = 16;
export const RECIPE = { label: 'brick', seed: 7 };

/** The scene of the test that runs, and its model. */
export let scene: Scene;
export let tiny: AssetGenerator;

/** Makes them before each test of the suite that calls it, and ends their engine after it. */
export function useTinyBricks(): void {
  beforeEach(async () => {
    scene = createScene();
    tiny = await loadTinyTextures(scene);
  });

  afterEach(() => {
    scene.getEngine().dispose();
  });
}

/** A material of bricks, by the model of the test that runs. */
export async function makeBricks(options: Partial<GenerateMaterialOptions> = {}): Promise<SurfaceMaterial> {
  return (await tiny.generateMaterialAsync({ ...RECIPE, ...options })) as SurfaceMaterial;
}

/** Textures and materials of the scene, but for the table that Babylon keeps for all PBR materials. */
export const leftovers = () => [
  ...scene.textures.filter((texture) => texture !== scene.environmentBRDFTexture),
  ...scene.materials,
];
