import type { Scene } from '@babylonjs/core/scene.js';
import { memory } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createModel, generate } from '../runtime/index.ts';
import { tinyModelFiles, tinyModelFolder } from '../runtime/testing/tinyModel.ts';
import { AssetGenerator } from './assetGenerator.ts';
import { useIndexedDb } from './testing/indexedDb.ts';
import { createScene, ON_THIS_THREAD } from './testing/tinyScene.ts';

const ELF = { label: 'elf', seed: 7 };
const IMAGE = Uint8Array.from({ length: 4 * 16 * 16 }, (_, i) => (i % 4 === 3 ? 255 : (i * 7) % 256));
const WHOLE = 'vae/diffusion_pytorch_model.safetensors';

useIndexedDb();

describe('a model whose decoder is fetched alone', () => {
  let scene: Scene;
  let generator: AssetGenerator;
  /** The files that were asked for, and the beginnings of files. */
  let read: string[];
  /** Tensors of other suites, which share the worker. */
  let numElsewhere: number;

  const loadWith = async (options: Parameters<typeof tinyModelFolder>[0]) => {
    const files = Object.entries(await tinyModelFolder(options)).map(([path, bytes]) => {
      const file = new File([bytes as Uint8Array<ArrayBuffer>], path);
      const slice = (begin?: number, end?: number) => {
        read.push(`the beginning of ${path}`);
        return new Blob([file]).slice(begin, end);
      };
      const arrayBuffer = () => {
        read.push(path);
        return new Blob([file]).arrayBuffer();
      };
      return Object.assign(file, { slice, arrayBuffer });
    });
    return AssetGenerator.LoadAsync(files, scene, { ...ON_THIS_THREAD, storeBytes: 2 ** 20 });
  };

  const numFetched = () => read.filter((path) => path === WHOLE).length;

  beforeEach(async () => {
    numElsewhere = memory().numTensors;
    scene = createScene();
    read = [];
    generator = await loadWith({ cvae: true });
  });

  afterEach(() => scene.getEngine().dispose());

  it('makes pictures without its encoder, and fetches that for the first picture that it takes', async () => {
    await generator.warmUpAsync();
    await generator.generatePixelsAsync(ELF);
    await generator.generatePixelsAsync({ ...ELF, pipeline: 'cvae' });
    expect([numFetched(), read.includes(`the beginning of ${WHOLE}`)]).toEqual([0, true]);
    const edit = { ...ELF, image: IMAGE, strength: 0.5 };
    const model = createModel(tinyModelFiles());
    const [expected] = await generate(model, [edit]);
    model.dispose();
    expect(await generator.generatePixelsAsync(edit)).toEqual(expected);
    await generator.encodeAsync(IMAGE);
    await generator.generatePixelsAsync({ ...ELF, pipeline: 'cvae+ddpm' });
    expect(numFetched()).toBe(1);
    generator.dispose();
    expect(memory().numTensors).toBe(numElsewhere);
  });

  it.each([
    ['latents of a picture', () => generator.encodeAsync(IMAGE)],
    [
      'a picture that begins with that of the VAE',
      () => generator.generatePixelsAsync({ ...ELF, pipeline: 'cvae+ddpm' }),
    ],
  ])('fetches it for %s, too', async (_, ask) => {
    await ask();
    expect(numFetched()).toBe(1);
  });

  it.each([
    ['its encoder', { image: IMAGE }],
    ['its teacher', { sampler: 'dpm++', numInferenceSteps: 5 }],
  ] as const)('does without %s for a picture that an earlier visit has stored', async (_, entries) => {
    const visit = () => loadWith({ student: true });
    const recipe = { ...ELF, ...entries };
    const first = await visit();
    const picture = await first.generatePixelsAsync(recipe);
    const isFetched = () => read.some((path) => path === WHOLE || path.startsWith('unet_teacher/'));
    expect(isFetched()).toBe(true);
    first.dispose();
    await expect
      .poll(async () => {
        read = [];
        const again = await visit();
        const stored = await again.generatePixelsAsync(recipe);
        again.dispose();
        return isFetched() || stored;
      })
      .toEqual(picture);
  });

  it('takes no encoder of another model that is at its place by now', async () => {
    const [first, other] = [await tinyModelFolder({ cvae: true }), await tinyModelFolder({ labels: ['orc', 'elf'] })];
    const files = Object.entries(first).map(([path, bytes]) => new File([bytes as Uint8Array<ArrayBuffer>], path));
    const replaced = await AssetGenerator.LoadAsync(files, scene, ON_THIS_THREAD);
    for (const file of files) {
      const now = new Blob([other[file.name] as Uint8Array<ArrayBuffer>]);
      Object.assign(file, { arrayBuffer: () => now.arrayBuffer(), slice: now.slice.bind(now) });
    }
    await expect(replaced.encodeAsync(IMAGE)).rejects.toThrow(
      /model_index.json: has been replaced since the model was loaded; load the model again/,
    );
  });

  it('fetches it ahead for a recipe with a picture, and tells how far it is', async () => {
    const told: (number | undefined)[][] = [];
    await generator.warmUpAsync({ image: IMAGE, onProgress: (...progress) => told.push(progress) });
    expect(numFetched()).toBe(1);
    expect(told.at(-1)![0]).toBe(told.at(-1)![1]);
    await generator.generatePixelsAsync({ ...ELF, image: IMAGE });
    expect(numFetched()).toBe(1);
  });
});
