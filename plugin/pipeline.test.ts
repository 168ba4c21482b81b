import type { Scene } from '@babylonjs/core/scene.js';
import { memory } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createConditionalVae, createModel, generate } from '../runtime/index.ts';
import { tinyModelFiles, tinyModelFolder } from '../runtime/testing/tinyModel.ts';
import { AssetGenerator } from './assetGenerator.ts';
import { createScene, flipped, loadTiny, uploadedTo } from './testing/tinyScene.ts';

const ELF = { label: 'elf', seed: 7 };

describe('a model with a VAE', () => {
  let scene: Scene;
  let both: AssetGenerator;
  /** Tensors of other suites, which share the worker. */
  let numElsewhere: number;

  beforeEach(async () => {
    numElsewhere = memory().numTensors;
    scene = createScene();
    const options = { compute: 'thread', backend: 'wasm', frameBudgetMs: 20 } as const;
    both = await AssetGenerator.LoadAsync(await tinyModelFolder({ cvae: true }), scene, options);
  });

  afterEach(() => scene.getEngine().dispose());

  it('makes the pictures of the runtime by each pipeline', async () => {
    const files = tinyModelFiles({ cvae: true });
    const [model, cvae] = [createModel(files), createConditionalVae(files)];
    const [atOnce] = await generate({ cvae }, [ELF], { pipeline: 'cvae' });
    const [refined] = await generate({ model, cvae }, [ELF], {
      pipeline: 'cvae+ddpm',
      numInferenceSteps: 4,
      strength: 0.5,
    });
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
    expect(memory().numTensors).toBe(numElsewhere + own);
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
