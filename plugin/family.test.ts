import type { Scene } from '@babylonjs/core/scene.js';
import { memory } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createModel, createPrior, generateAtOnce, refine } from '../runtime/index.ts';
import { tinyModelFiles, tinyModelFolder } from '../runtime/testing/tinyModel.ts';
import { AssetGenerator } from './assetGenerator.ts';
import { changeRecipe } from './family.ts';
import type { ModelInfo } from './painting/painter.ts';
import { batchKey, completeRecipe, recipeKey, shortRecipe } from './recipe.ts';
import { createScene, flipped, loadTiny, uploadedTo } from './testing/tinyScene.ts';

/** What recipes look at of a model. */
const INFO = {
  name: 'tiny',
  labels: ['elf', 'orc'],
  widthPx: 4,
  heightPx: 2,
  circularPadding: true,
  sampleDefaults: { guidanceScale: 2, numInferenceSteps: 20, sampler: 'dpm++' },
} as unknown as ModelInfo;
const ELF = { label: 'elf', seed: 7 };

describe('a family in a recipe', () => {
  it('is left out where it is ddpm, and has its strength where it is vae+ddpm', () => {
    expect(completeRecipe({ ...ELF, family: 'ddpm' }, INFO)).toEqual(completeRecipe(ELF, INFO));
    expect(completeRecipe({ ...ELF, family: 'vae' }, INFO)).toMatchObject({ family: 'vae' });
    const refined = completeRecipe({ ...ELF, family: 'vae+ddpm' }, INFO);
    expect(refined).toMatchObject({ family: 'vae+ddpm', strength: 0.6 });
    expect(completeRecipe(JSON.parse(JSON.stringify(shortRecipe(refined, INFO))), INFO)).toEqual(refined);
  });

  it('counts for which picture it is; of vae neither guidance nor steps do', () => {
    const keyOf = (options: object) => recipeKey(completeRecipe({ ...ELF, ...options }, INFO));
    const keys = [{}, { family: 'vae' }, { family: 'vae+ddpm' }, { family: 'vae+ddpm', strength: 0.5 }].map(keyOf);
    expect(new Set(keys).size).toBe(4);
    expect(keyOf({ family: 'vae', guidanceScale: 5, numInferenceSteps: 3 })).toBe(keyOf({ family: 'vae' }));
    expect(keyOf({ family: 'vae+ddpm', guidanceScale: 5 })).not.toBe(keyOf({ family: 'vae+ddpm' }));
    const batches = ['vae', 'vae+ddpm'] as const;
    for (const family of batches) {
      const [one, other] = [ELF, { label: 'orc', seed: 1 }].map((what) => completeRecipe({ ...what, family }, INFO));
      expect(batchKey(one!)).toBe(batchKey(other!));
    }
  });

  it('may be changed in a recipe that is there', () => {
    const refined = completeRecipe({ ...ELF, family: 'vae+ddpm', guidanceScale: 3 }, INFO);
    const atOnce = completeRecipe({ ...refined, family: 'vae' }, INFO);
    expect(completeRecipe({ ...atOnce, family: 'ddpm' }, INFO)).toEqual(
      completeRecipe({ ...ELF, guidanceScale: 3 }, INFO),
    );
    expect(completeRecipe({ ...refined, family: 'ddpm' }, INFO)).not.toHaveProperty('strength');
  });

  it('gives way to a picture to begin from, and the other way round', () => {
    const image = new Uint8Array(32).fill(9);
    const refined = completeRecipe({ ...ELF, family: 'vae+ddpm', strength: 0.3 }, INFO);
    const edited = completeRecipe(changeRecipe(refined, { image }), INFO);
    expect(edited).toEqual(completeRecipe({ ...ELF, image }, INFO));
    const again = completeRecipe(changeRecipe(edited, { family: 'vae+ddpm' }), INFO);
    expect(again).toEqual(completeRecipe({ ...ELF, family: 'vae+ddpm' }, INFO));
    expect(changeRecipe(refined, { strength: 0.5 })).toMatchObject({ family: 'vae+ddpm', strength: 0.5 });
    expect(changeRecipe(edited, { seed: 8 })).toMatchObject({ image, strength: 0.8, seed: 8 });
    expect(changeRecipe(null, ELF)).toEqual(ELF);
  });

  it.each([
    [{ family: 'gan' }, /family is "gan"; expected one of ddpm, vae, vae\+ddpm/],
    [{ family: 'vae+ddpm', strength: 2 }, /strength is 2; expected 0/],
    [{ family: 'vae', widthPx: 8 }, /the family vae makes 4×2 alone/],
    [{ family: 'vae', image: new Uint8Array(32) }, /begins with a picture of its own; leave out image/],
    [{ strength: 0.5 }, /there is a strength but no image/],
  ])('%j is refused', (options, message) => {
    expect(() => completeRecipe({ ...ELF, ...options } as never, INFO)).toThrow(message);
  });
});

describe('a model with a VAE', () => {
  let scene: Scene;
  let both: AssetGenerator;

  beforeEach(async () => {
    scene = createScene();
    const options = { compute: 'thread', backend: 'wasm', frameBudgetMs: 20 } as const;
    both = await AssetGenerator.LoadAsync(await tinyModelFolder({ prior: true }), scene, options);
  });

  afterEach(() => scene.getEngine().dispose());

  it('makes the pictures of the runtime by each family', async () => {
    const files = tinyModelFiles({ prior: true });
    const [model, prior] = [createModel(files), createPrior(files)];
    const [atOnce] = await generateAtOnce(prior, [ELF]);
    const [refined] = await refine(model, prior, [ELF], { numInferenceSteps: 4, strength: 0.5 });
    model.dispose();
    prior.dispose();
    expect(both.info.families).toEqual(['ddpm', 'vae', 'vae+ddpm']);
    expect(uploadedTo(await both.generateTextureAsync({ ...ELF, family: 'vae' }))).toEqual(flipped(atOnce!, 16));
    const recipe = { ...ELF, family: 'vae+ddpm', strength: 0.5, numInferenceSteps: 4 } as const;
    expect(await both.generatePixelsAsync(recipe)).toEqual(refined);
  });

  it('shows the VAE’s picture in the texture first', async () => {
    const { texture, finished } = both.beginTexture({ ...ELF, family: 'vae+ddpm', numInferenceSteps: 5 });
    const shown: [number, number, Uint8Array][] = [];
    texture.onProgressObservable.add(({ step, numSteps }) => shown.push([step, numSteps, uploadedTo(texture)]));
    await finished;
    expect(shown.map(([step, numSteps]) => [step, numSteps])).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
    const preview = await both.generatePixelsAsync({ ...ELF, family: 'vae' });
    expect(shown[0]![2]).toEqual(flipped(preview, 16));
    expect(shown[2]![2]).toEqual(shown[0]![2]);
    expect(uploadedTo(texture)).not.toEqual(shown[0]![2]);
  });

  it('loads it when it is asked for, and frees it with the generator', async () => {
    const before = memory().numTensors;
    await both.generatePixelsAsync({ ...ELF, numInferenceSteps: 1 });
    expect(memory().numTensors).toBe(before);
    await both.warmUpAsync({ family: 'vae' });
    const withPrior = memory().numTensors;
    expect(withPrior).toBeGreaterThan(before);
    await both.generatePixelsAsync({ ...ELF, family: 'vae' });
    expect(memory().numTensors).toBe(withPrior);
    const tiny = await loadTiny(scene);
    const own = memory().numTensors - withPrior;
    both.dispose();
    expect(memory().numTensors).toBe(own);
    tiny.dispose();
  });

  it('is told where a model has none, with the remedy, and others go on', async () => {
    const tiny = await loadTiny(scene);
    expect(tiny.info.families).toEqual(['ddpm']);
    const remedy =
      /no pictures in one step; train one for it by figment train vae-prior --add-to, .* the family "ddpm"/;
    await expect(tiny.generateTextureAsync({ ...ELF, family: 'vae' })).rejects.toThrow(remedy);
    await expect(tiny.warmUpAsync({ family: 'vae+ddpm' })).rejects.toThrow(remedy);
    expect(scene.textures).toEqual([]);
    expect(await tiny.generatePixelsAsync({ ...ELF, numInferenceSteps: 1 })).toHaveLength(1024);
  });

  it('has no guidance to trace but that of ddpm', async () => {
    await expect(both.traceGuidanceAsync({ ...ELF, family: 'vae' })).rejects.toThrow(/of the family ddpm/);
  });
});
