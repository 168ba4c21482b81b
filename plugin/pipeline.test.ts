import type { Scene } from '@babylonjs/core/scene.js';
import { memory } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  batchKey,
  changeRecipe,
  completeRecipe,
  createConditionalVae,
  createModel,
  generateAtOnce,
  type ModelInfo,
  recipeKey,
  refine,
  shortRecipe,
} from '../runtime/index.ts';
import { tinyModelFiles, tinyModelFolder } from '../runtime/testing/tinyModel.ts';
import { AssetGenerator } from './assetGenerator.ts';
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

describe('a pipeline in a recipe', () => {
  it('is left out where it is ddpm, and has its strength where it is cvae+ddpm', () => {
    expect(completeRecipe({ ...ELF, pipeline: 'ddpm' }, INFO)).toEqual(completeRecipe(ELF, INFO));
    expect(completeRecipe({ ...ELF, pipeline: 'cvae' }, INFO)).toMatchObject({ pipeline: 'cvae' });
    const refined = completeRecipe({ ...ELF, pipeline: 'cvae+ddpm' }, INFO);
    expect(refined).toMatchObject({ pipeline: 'cvae+ddpm', strength: 0.6 });
    expect(completeRecipe(JSON.parse(JSON.stringify(shortRecipe(refined, INFO))), INFO)).toEqual(refined);
  });

  it('counts for which picture it is; of vae neither guidance nor steps do', () => {
    const keyOf = (options: object) => recipeKey(completeRecipe({ ...ELF, ...options }, INFO));
    const keys = [{}, { pipeline: 'cvae' }, { pipeline: 'cvae+ddpm' }, { pipeline: 'cvae+ddpm', strength: 0.5 }].map(
      keyOf,
    );
    expect(new Set(keys).size).toBe(4);
    expect(keyOf({ pipeline: 'cvae', guidanceScale: 5, numInferenceSteps: 3 })).toBe(keyOf({ pipeline: 'cvae' }));
    expect(keyOf({ pipeline: 'cvae+ddpm', guidanceScale: 5 })).not.toBe(keyOf({ pipeline: 'cvae+ddpm' }));
    const batches = ['cvae', 'cvae+ddpm'] as const;
    for (const pipeline of batches) {
      const [one, other] = [ELF, { label: 'orc', seed: 1 }].map((what) => completeRecipe({ ...what, pipeline }, INFO));
      expect(batchKey(one!)).toBe(batchKey(other!));
    }
  });

  it('may be changed in a recipe that is there', () => {
    const refined = completeRecipe({ ...ELF, pipeline: 'cvae+ddpm', guidanceScale: 3 }, INFO);
    const atOnce = completeRecipe({ ...refined, pipeline: 'cvae' }, INFO);
    expect(completeRecipe({ ...atOnce, pipeline: 'ddpm' }, INFO)).toEqual(
      completeRecipe({ ...ELF, guidanceScale: 3 }, INFO),
    );
    expect(completeRecipe({ ...refined, pipeline: 'ddpm' }, INFO)).not.toHaveProperty('strength');
  });

  it('gives way to a picture to begin from, and the other way round', () => {
    const image = new Uint8Array(32).fill(9);
    const refined = completeRecipe({ ...ELF, pipeline: 'cvae+ddpm', strength: 0.3 }, INFO);
    const edited = completeRecipe(changeRecipe(refined, { image }), INFO);
    expect(edited).toEqual(completeRecipe({ ...ELF, image }, INFO));
    const again = completeRecipe(changeRecipe(edited, { pipeline: 'cvae+ddpm' }), INFO);
    expect(again).toEqual(completeRecipe({ ...ELF, pipeline: 'cvae+ddpm' }, INFO));
    expect(changeRecipe(refined, { strength: 0.5 })).toMatchObject({ pipeline: 'cvae+ddpm', strength: 0.5 });
    expect(changeRecipe(edited, { seed: 8 })).toMatchObject({ image, strength: 0.8, seed: 8 });
    expect(changeRecipe(null, ELF)).toEqual(ELF);
  });

  it.each([
    [{ pipeline: 'gan' }, /pipeline is "gan"; expected one of ddpm, cvae, cvae\+ddpm/],
    [{ pipeline: 'cvae+ddpm', strength: 2 }, /strength is 2; expected 0/],
    [{ pipeline: 'cvae', widthPx: 8 }, /the pipeline cvae makes 4×2 alone/],
    [{ pipeline: 'cvae', image: new Uint8Array(32) }, /begins with a picture of its own; leave out image/],
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
    both = await AssetGenerator.LoadAsync(await tinyModelFolder({ cvae: true }), scene, options);
  });

  afterEach(() => scene.getEngine().dispose());

  it('makes the pictures of the runtime by each pipeline', async () => {
    const files = tinyModelFiles({ cvae: true });
    const [model, cvae] = [createModel(files), createConditionalVae(files)];
    const [atOnce] = await generateAtOnce(cvae, [ELF]);
    const [refined] = await refine(model, cvae, [ELF], { numInferenceSteps: 4, strength: 0.5 });
    model.dispose();
    cvae.dispose();
    expect(both.info.pipelines).toEqual(['ddpm', 'cvae', 'cvae+ddpm']);
    expect(uploadedTo(await both.generateTextureAsync({ ...ELF, pipeline: 'cvae' }))).toEqual(flipped(atOnce!, 16));
    const recipe = { ...ELF, pipeline: 'cvae+ddpm', strength: 0.5, numInferenceSteps: 4 } as const;
    expect(await both.generatePixelsAsync(recipe)).toEqual(refined);
  });

  it('shows the VAE’s picture in the texture first', async () => {
    const { texture, finished } = both.beginTexture({ ...ELF, pipeline: 'cvae+ddpm', numInferenceSteps: 5 });
    const shown: [number, number, Uint8Array][] = [];
    texture.onProgressObservable.add(({ step, numSteps }) => shown.push([step, numSteps, uploadedTo(texture)]));
    await finished;
    expect(shown.map(([step, numSteps]) => [step, numSteps])).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
    const preview = await both.generatePixelsAsync({ ...ELF, pipeline: 'cvae' });
    expect(shown[0]![2]).toEqual(flipped(preview, 16));
    expect(shown[2]![2]).toEqual(shown[0]![2]);
    expect(uploadedTo(texture)).not.toEqual(shown[0]![2]);
  });

  it('loads it when it is asked for, and frees it with the generator', async () => {
    const before = memory().numTensors;
    await both.generatePixelsAsync({ ...ELF, numInferenceSteps: 1 });
    expect(memory().numTensors).toBe(before);
    await both.warmUpAsync({ pipeline: 'cvae' });
    const withCvae = memory().numTensors;
    expect(withCvae).toBeGreaterThan(before);
    await both.generatePixelsAsync({ ...ELF, pipeline: 'cvae' });
    expect(memory().numTensors).toBe(withCvae);
    const tiny = await loadTiny(scene);
    const own = memory().numTensors - withCvae;
    both.dispose();
    expect(memory().numTensors).toBe(own);
    tiny.dispose();
  });

  it('is told where a model has none, with the remedy, and others go on', async () => {
    const tiny = await loadTiny(scene);
    expect(tiny.info.pipelines).toEqual(['ddpm']);
    const remedy = /no pictures in one step; train one for it by figment train cvae --add-to, .* the pipeline "ddpm"/;
    await expect(tiny.generateTextureAsync({ ...ELF, pipeline: 'cvae' })).rejects.toThrow(remedy);
    await expect(tiny.warmUpAsync({ pipeline: 'cvae+ddpm' })).rejects.toThrow(remedy);
    expect(scene.textures).toEqual([]);
    expect(await tiny.generatePixelsAsync({ ...ELF, numInferenceSteps: 1 })).toHaveLength(1024);
  });

  it('has no guidance to trace but that of ddpm', async () => {
    await expect(both.traceGuidanceAsync({ ...ELF, pipeline: 'cvae' })).rejects.toThrow(/of the pipeline ddpm/);
  });
});
