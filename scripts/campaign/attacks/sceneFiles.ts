// Scene files whose generated textures and surfaces are damaged, in a scene without a GPU.
import { Logger } from '@babylonjs/core/Misc/logger.js';
import { GeneratedTexture, SurfaceMaterial } from '../../../plugin/index.ts';
import { createScene, loadTinyTextures } from '../../../plugin/testing/tinyScene.ts';
import { type Attack, demand } from '../attack.ts';
import { mutateJson } from '../mutate.ts';

const RECIPE = { label: 'brick', seed: 7, numInferenceSteps: 1, guidanceScale: 1 };

export const sceneFiles: Attack = {
  name: 'scene files',
  limitMs: 2000,
  weight: 1,
  async open() {
    const levels = Logger.LogLevels;
    Logger.LogLevels = Logger.NoneLogLevel; // what fails later is logged
    const scene = createScene();
    const generator = await loadTinyTextures(scene);
    const texture = await generator.generateTextureAsync(RECIPE);
    const surface = await generator.generateMaterialAsync(RECIPE);
    const [savedTexture, savedSurface] = [texture.serialize(), surface.serialize()];
    const numTextures = () => scene.textures.length + scene.materials.length;
    return {
      async attempt(dice) {
        const before = numTextures();
        const isTexture = dice.happens(0.6);
        const saved = mutateJson(dice, isTexture ? savedTexture : savedSurface) as never;
        try {
          const made = isTexture ? GeneratedTexture.Parse(saved, scene, '') : SurfaceMaterial.Parse(saved, scene, '');
          await new Promise((resolve) => setTimeout(resolve, 1));
          made.dispose();
        } finally {
          demand(numTextures() === before, `${numTextures() - before} textures or materials are left behind`);
        }
        return 'correct';
      },
      async close() {
        scene.getEngine().dispose();
        Logger.LogLevels = levels;
      },
    };
  },
};
