import { memory, type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import type { PictureOptions } from '../recipe/recipe.ts';
import { difference, tinyModelFiles } from '../testing/tinyModel.ts';
import type { ModelFiles } from '../weights/modelParts.ts';
import { decodeLatents, imagesToPixels } from './autoencoder.ts';
import { completeAll } from './completeAll.ts';
import { confinedBatch } from './confinedBatch.ts';
import { type GenerateOptions, generate } from './generate.ts';
import { createModel } from './model.ts';
import { sample } from './sample.ts';

const VOCABULARY = { hair: ['black', 'red'], mood: ['calm', 'glad', 'sad'], wear: { min: 0, max: 1 } };
const FILES = tinyModelFiles({ attributes: VOCABULARY });

/** Of latents of 8×8: the mood shows in two rows, and the wear in two columns. */
const REGIONS = {
  mood: Array.from({ length: 8 }, (_, y) => (y === 3 || y === 4 ? '########' : '........')),
  wear: new Array<string>(8).fill('##......'),
};

const CONFINED: ModelFiles = {
  ...FILES,
  index: { ...FILES.index, figment: { ...FILES.index.figment, regions: REGIONS } },
};

const DDIM = { sampler: 'ddim', numInferenceSteps: 3 } as const;
const CALM: PictureOptions = { label: 'elf', seed: 3, attributes: { mood: 'calm' } };
const GLAD: PictureOptions = { label: 'elf', seed: 3, attributes: { mood: 'glad' }, sameAs: { mood: 'calm' } };

async function pictures(files: ModelFiles, requests: PictureOptions[], options: GenerateOptions = {}) {
  const model = createModel(files);
  const made = await generate(model, requests, { ...DDIM, ...options });
  model.dispose();
  return made;
}

/** The finished latents of a recipe, by the reverse process alone. */
async function latentsOf(request: PictureOptions): Promise<number[]> {
  const model = createModel(FILES);
  const latents: number[] = [];
  for await (const { step, numSteps, x0Pred } of sample(model, [request], DDIM)) {
    if (step === numSteps) latents.push(...(await x0Pred.data()));
  }
  model.dispose();
  return latents;
}

/** The picture that is `own` in the cells that are inside, and `origin` in all others. */
async function blended(own: PictureOptions, origin: PictureOptions, isInside: (y: number, x: number) => boolean) {
  const [inside, outside] = [await latentsOf(own), await latentsOf(origin)];
  const values = inside.map((value, i) => {
    const cell = Math.floor(i / 4);
    return isInside(Math.floor(cell / 8), cell % 8) ? value : outside[i]!;
  });
  const model = createModel(FILES);
  const latents: Tensor4D = tensor4d(values, [1, 8, 8, 4]);
  const images = decodeLatents(model, latents);
  const [pixels] = await imagesToPixels(model, images);
  model.dispose();
  latents.dispose();
  images.dispose();
  return pixels!;
}

const isMouth = (y: number) => y === 3 || y === 4;

describeOnBackends(() => {
  it('keeps a change in its region: all else is the picture without it, whatever else is made', async () => {
    const before = memory().numTensors;
    const expected = await blended(GLAD, CALM, isMouth);
    const [alone] = await pictures(CONFINED, [GLAD]);
    const together = await pictures(CONFINED, [{ ...CALM, seed: 9 }, GLAD, CALM]);
    const [calm] = await pictures(FILES, [CALM]);
    expect(difference(alone!, expected)).toBeLessThanOrEqual(1);
    expect(difference(together[1]!, expected)).toBeLessThanOrEqual(1);
    expect(difference(together[2]!, calm!)).toBeLessThanOrEqual(1);
    const [free] = await pictures(FILES, [GLAD]);
    expect(difference(alone!, free!)).toBeGreaterThan(5);
    expect(difference(alone!, calm!)).toBeGreaterThan(5);
    expect(memory().numTensors).toBe(before);
  });
});

describe('the regions of a model', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'wasm' });
  });

  const CASES: {
    what: string;
    own: PictureOptions;
    origin: PictureOptions;
    isInside: (y: number, x: number) => boolean;
  }[] = [
    {
      what: 'of two changes are both together',
      own: { ...GLAD, attributes: { mood: 'glad', wear: 1 }, sameAs: { mood: 'calm', wear: 0 } },
      origin: { ...CALM, attributes: { mood: 'calm', wear: 0 } },
      isInside: (y, x) => isMouth(y) || x < 2,
    },
    {
      what: 'leave alone a change that has none',
      own: { ...GLAD, attributes: { hair: 'red', mood: 'glad' }, sameAs: { hair: 'black', mood: 'any' } },
      origin: { ...CALM, attributes: { hair: 'red' }, sameAs: { hair: 'black' } },
      isInside: isMouth,
    },
  ];

  it.each(CASES)('$what', async ({ own, origin, isInside }) => {
    const [made] = await pictures(CONFINED, [own]);
    expect(difference(made!, await blended(own, origin, isInside))).toBeLessThanOrEqual(1);
  });

  it('show in the steps of a batch already, which are of its own pictures alone', async () => {
    const model = createModel(CONFINED);
    const steps: number[][][] = [];
    await generate(model, [GLAD, CALM], {
      ...DDIM,
      onStep: async ({ latents }) => {
        expect(latents!.shape).toEqual([2, 8, 8, 4]);
        steps.push((await latents!.array()).map((picture) => picture.map((row) => row.flat()) as unknown as number[]));
      },
    });
    model.dispose();
    expect(steps).toHaveLength(3);
    for (const [glad, calm] of steps as unknown as number[][][][]) {
      for (const y of [0, 1, 2, 5, 6, 7]) expect(glad![y]).toEqual(calm![y]);
      expect(glad![3]).not.toEqual(calm![3]);
    }
  });

  it('need no further picture where the one without the change is of the batch, and one where several lack it', () => {
    const batchOf = (requests: PictureOptions[]) => {
      const model = createModel(CONFINED);
      const { recipes } = completeAll({ model }, requests, DDIM);
      model.dispose();
      return confinedBatch(CONFINED.index, recipes);
    };
    const SAD = { ...GLAD, attributes: { mood: 'sad' } };
    const places = (requests: PictureOptions[]) => batchOf(requests).origins.map((origin) => origin?.place ?? null);
    expect(places([CALM, GLAD, SAD])).toEqual([null, 0, 0]);
    expect(batchOf([CALM, GLAD, SAD]).recipes).toHaveLength(3);
    expect(places([GLAD, SAD])).toEqual([2, 2]);
    expect(batchOf([GLAD, SAD]).recipes).toHaveLength(3);
    expect(places([GLAD, { ...SAD, seed: 4 }])).toEqual([2, 3]);
  });

  it('are of no use to pictures that are larger, that begin from another, or that vary nothing', async () => {
    const tiled = tinyModelFiles({ attributes: VOCABULARY, circularPadding: true });
    const confined = { ...tiled, index: { ...tiled.index, figment: { ...tiled.index.figment, regions: REGIONS } } };
    const large = { ...GLAD, widthPx: 32 };
    expect(await pictures(confined, [large])).toEqual(await pictures(tiled, [large]));
    const [image] = await pictures(FILES, [CALM]);
    const mask = new Uint8Array(16 * 16).fill(255, 0, 128);
    for (const request of [
      { ...GLAD, image: image!, mask },
      { ...GLAD, image: image! },
      { ...GLAD, sameFor: 0 },
      CALM,
    ]) {
      expect(await pictures(CONFINED, [request])).toEqual(await pictures(FILES, [request]));
    }
  });

  it('confine no change that entails another: that makes somebody else', async () => {
    // Who is glad has red hair, and who is calm black.
    const people = Array.from({ length: 16 }, () => [0, 0, 0, 1, 1, 0]).flat();
    const examples = { labels: new Uint8Array(32), values: Float32Array.from(people) };
    const withExamples = ({ index, ...files }: ModelFiles): ModelFiles => ({
      ...files,
      index: { ...index, figment: { ...index.figment, examples } },
    });
    const [own, free] = await Promise.all([CONFINED, FILES].map((files) => pictures(withExamples(files), [GLAD])));
    expect(own).toEqual(free);
    const fixed = { ...GLAD, attributes: { hair: 'black', mood: 'glad', wear: 0 }, sameAs: { mood: 'calm' } };
    const [confined, loose] = await Promise.all(
      [CONFINED, FILES].map((files) => pictures(withExamples(files), [fixed])),
    );
    expect(confined).not.toEqual(loose);
  });

  it('are refused where they are not of as many cells as the latents', () => {
    const small = { ...CONFINED.index.figment, regions: { mood: ['##', '..'] } };
    const before = memory().numTensors;
    expect(() => createModel({ ...CONFINED, index: { ...CONFINED.index, figment: small } })).toThrow(
      'createModel: tiny: its region of mood has 2×2 cells; expected 8×8, as its latents have; make it again by figment regions',
    );
    expect(memory().numTensors).toBe(before);
  });
});
