// Scene files whose generated textures, sheets and surfaces are damaged, in a scene without a GPU.
import { Logger } from '@babylonjs/core/Misc/logger.js';
import { GeneratedSheet, GeneratedTexture, SurfaceMaterial } from '../../../plugin/index.ts';
import { createScene, loadTinyTextures } from '../../../plugin/testing/tinyScene.ts';
import { type Attack, demand } from '../attack.ts';
import { unfriendliness } from '../judge.ts';
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
    const sprites = await generator.generateSpritesAsync({ ...RECIPE, labels: [RECIPE.label], count: 3 });
    const sheet = sprites.texture as unknown as GeneratedSheet;
    const kinds = [
      { Kind: GeneratedTexture, saved: texture.serialize() },
      { Kind: SurfaceMaterial, saved: surface.serialize() },
      { Kind: GeneratedSheet, saved: sheet.serialize() },
    ];
    const numTextures = () => scene.textures.length + scene.materials.length;
    return {
      async attempt(dice) {
        const before = numTextures();
        const { Kind, saved } = dice.pick(kinds);
        try {
          const made = Kind.Parse(mutateJson(dice, saved) as never, scene, '');
          await new Promise((resolve) => setTimeout(resolve, 1));
          made.dispose();
          demandFriendly(made);
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

/** What fails after a part was made is told to those who look at it. */
function demandFriendly(made: object): void {
  const { exception } = (made as { errorObject?: { exception?: Error } }).errorObject ?? {};
  demand(!exception || unfriendliness(exception) === '', `a part says: ${unfriendliness(exception)}`);
}
