// Pictures that begin from another, at a strength.
import { memory, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { normals } from '../core/random.ts';
import type { SamplerName } from '../core/samplingBounds.ts';
import { runToEnd } from '../core/slices.ts';
import { renoise } from '../diffusion/forward.ts';
import { guidedPrediction } from '../diffusion/guidance.ts';
import { createSampler } from '../diffusion/sampler.ts';
import * as networks from '../networks/unet2d.ts';
import type { PictureOptions } from '../recipe/recipe.ts';
import { expectClose } from '../testing/matchers.ts';
import { difference, ELF, makePictures, ORC, tinyModelFiles, withModel } from '../testing/tinyModel.ts';
import { decodeLatents, encodePixelsInSlices, imagesToPixels } from './autoencoder.ts';
import type { SampleOptions } from './completeAll.ts';
import { generate } from './generate.ts';
import { createModel, type DiffusionModel } from './model.ts';
import { sample, sampleInSlices } from './sample.ts';

const SAMPLERS: [SamplerName, SampleOptions][] = [
  ['ddpm', {}],
  ['ddim', { eta: 1 }],
  ['dpm++', {}],
  ['euler', {}],
];

/** Bytes without a pattern. */
const pictureOf = (seed: number) => Uint8Array.from({ length: 4 * 16 * 16 }, (_, i) => (i * i * 31 + i * seed) % 256);
const IMAGE = pictureOf(1);
const OPTIONS: SampleOptions = { numInferenceSteps: 5, keepAlpha: false };

/** The picture as the auto-encoder sees it. */
async function reconstruction(model: DiffusionModel, picture: Uint8Array): Promise<Uint8Array> {
  const latents = runToEnd(encodePixelsInSlices(model, [picture]));
  const images = decodeLatents(model, latents);
  const [pixels] = await imagesToPixels(model, images);
  latents.dispose();
  images.dispose();
  return pixels!;
}

beforeAll(async () => {
  await selectBackend({ backend: 'wasm' });
});

describe.each(SAMPLERS)('a variation by %s %j', (sampler, own) => {
  const options: SampleOptions = { ...OPTIONS, sampler, ...own };

  it('of strength 1 is a plain sample, byte for byte', async () => {
    const { keepAlpha: _keepAlpha, ...plainly } = options;
    const [plain] = await makePictures([ELF], plainly);
    const [varied] = await makePictures([{ ...ELF, image: IMAGE }], { ...options, strength: 1 });
    expect(varied).toEqual(plain);
  });

  it('of strength 0 is what the auto-encoder makes of the image, byte for byte', async () => {
    await withModel(async (model) => {
      const [varied] = await generate(model, [{ ...ELF, image: IMAGE }], { ...options, strength: 0 });
      expect(varied).toEqual(await reconstruction(model, IMAGE));
    });
  });

  it('takes the last steps from the image noised to where they begin', async () => {
    await withModel(async (model) => {
      const steps: [number, number][] = [];
      let latents = new Float32Array();
      for await (const { step, numSteps, x0Pred } of sample(model, [{ ...ELF, image: IMAGE }], {
        ...options,
        strength: 0.4,
      })) {
        steps.push([step, numSteps]);
        latents = Float32Array.from(await x0Pred.data());
      }
      expect(steps).toEqual([
        [1, 2],
        [2, 2],
      ]);
      expectClose(latents, await lastTwoOfFive(model, sampler, own.eta ?? 0));
    });
  });

  it('draws by its seed alone, whatever the batch', async () => {
    const [alone] = await makePictures([{ ...ELF, image: IMAGE }], options);
    const [, second] = await makePictures(
      [
        { ...ORC, image: pictureOf(2) },
        { ...ELF, image: IMAGE },
      ],
      options,
    );
    expect(difference(alone!, second!)).toBeLessThanOrEqual(1);
    const [other] = await makePictures([{ ...ELF, seed: 8, image: IMAGE }], options);
    expect(difference(alone!, other!)).toBeGreaterThan(20);
    const [ofOther] = await makePictures([{ ...ELF, image: pictureOf(2) }], options);
    expect(difference(alone!, ofOther!)).toBeGreaterThan(20);
  });
});

/** The last two of five steps, by the functions that do not pause. */
async function lastTwoOfFive(model: DiffusionModel, name: SamplerName, eta: number): Promise<Float32Array> {
  const { config, weights } = model.unet;
  const sampler = createSampler(name, model.scheduler, { numInferenceSteps: 5, eta });
  const draw = (stream: number): Tensor4D => tensor4d(normals(ELF.seed, stream, 256), [1, 8, 8, 4]);
  const result = tidy(() => {
    const original = runToEnd(encodePixelsInSlices(model, [IMAGE]));
    let xt = renoise(original, { signal: 1, noise: 0 }, sampler.level(3), draw(0));
    for (const index of [3, 4]) {
      const output = guidedPrediction(
        (x: Tensor4D, t, labels) => networks.unet2d(config, weights, x, t, labels),
        sampler.scaleInput(xt, index),
        sampler.timesteps[index]!,
        [0],
        3,
        { guidanceScale: 2 },
      );
      xt = sampler.step(output, index, xt, draw(index + 1)).xt;
    }
    return xt.dataSync() as Float32Array;
  });
  sampler.dispose();
  return result;
}

describe('a variation', () => {
  it('keeps the outline of its image unless told, and goes as far as it is told', async () => {
    await withModel(async (model) => {
      const image = await reconstruction(model, IMAGE);
      const request = { ...ELF, image };
      const [varied] = await generate(model, [request], { strength: 0.5 });
      expect(varied!.filter((_, i) => i % 4 === 3)).toEqual(image.filter((_, i) => i % 4 === 3));
      const [free] = await generate(model, [request], { strength: 0.5, keepAlpha: false });
      expect(difference(varied!, free!)).toBeGreaterThan(2);
      const [preset] = await generate(model, [request], { numInferenceSteps: 5 });
      expect(preset, 'the default').toEqual(
        (await generate(model, [request], { numInferenceSteps: 5, strength: 0.8 }))[0],
      );
    });
  });

  it('takes pictures of several tiles from a model whose edges meet', async () => {
    const model = createModel(tinyModelFiles({ labels: ['brick'], circularPadding: true, channels: 3 }));
    const { numTensors } = memory();
    const image = Uint8Array.from({ length: 4 * 32 * 16 }, (_, i) => (i * i * 7) % 256);
    const [varied] = await generate(model, [{ label: 'brick', seed: 1, image }], { widthPx: 32, strength: 0.7 });
    expect(varied).toHaveLength(image.length);
    expect(memory().numTensors).toBe(numTensors);
    model.dispose();
  });

  it('begins between the noise of two seeds, if asked', async () => {
    const from = { ...ELF, image: IMAGE };
    const [other] = await makePictures([{ ...from, seed: 21 }], OPTIONS);
    const [atOther] = await makePictures([{ ...from, interpolate: { seed: 21, amount: 1 } }], OPTIONS);
    expect(atOther).toEqual(other);
  });

  it.each([0, 0.5])(
    'of strength %f leaves nothing behind, at the end or given up after any slice',
    async (strength) => {
      await withModel(async (model) => {
        const { numTensors } = memory();
        const start = () =>
          sampleInSlices(model, [{ ...ELF, image: IMAGE }], { numInferenceSteps: 2, strength, sampler: 'dpm++' });
        let numSlices = 0;
        for (const _ of start()) numSlices++;
        expect(memory().numTensors).toBe(numTensors);
        for (let count = 0; count <= numSlices; count++) {
          const slices = start();
          for (let i = 0; i < count; i++) slices.next();
          slices.return(undefined);
          expect(memory().numTensors, `after ${count} slices`).toBe(numTensors);
        }
      });
    },
  );

  it('stops while the image is encoded when aborted', async () => {
    await withModel(async (model) => {
      const { numTensors } = memory();
      const controller = new AbortController();
      const slices = sampleInSlices(model, [{ ...ELF, image: IMAGE }], { signal: controller.signal });
      for (let i = 0; i < 3; i++) slices.next();
      controller.abort(new Error('enough'));
      expect(() => slices.next()).toThrow('enough');
      expect(memory().numTensors).toBe(numTensors);
    });
  });
});

it.each<[string, PictureOptions[], SampleOptions, RegExp]>([
  [
    'a picture of another size',
    [{ ...ELF, image: new Uint8Array(12) }],
    {},
    /the image is 12 bytes; expected 1024, RGBA of 16×16 pixels; scale/,
  ],
  ['no bytes', [{ ...ELF, image: 5 as unknown as Uint8Array }], {}, /image is 5; expected the bytes of the image/],
  [
    'a mask of another size',
    [{ ...ELF, image: IMAGE, mask: new Uint8Array(1024) }],
    {},
    /the mask is 1024 bytes; expected 256, one for each/,
  ],
  ['a mask without an image', [{ ...ELF, mask: new Uint8Array(256) }], {}, /there is a mask but no image/],
  [
    'an image here and none there',
    [ELF, { ...ORC, image: IMAGE }],
    {},
    /all have an image, or a mask, or none; make them in batches/,
  ],
  [
    'a mask here and none there',
    [
      { ...ELF, image: IMAGE },
      { ...ORC, image: IMAGE, mask: new Uint8Array(256) },
    ],
    {},
    /all have an image, or a mask, or none; make them in batches/,
  ],
  [
    'a strength above 1',
    [{ ...ELF, image: IMAGE }],
    { strength: 1.5 },
    /strength is 1.5; expected 0 \(what it begins from\) to 1/,
  ],
  ['a strength that is no number', [{ ...ELF, image: IMAGE }], { strength: Number.NaN }, /strength is NaN/],
  ['a strength without an image', [ELF], { strength: 0.5 }, /there is a strength but no image to begin from/],
  [
    'no resamples',
    [{ ...ELF, image: IMAGE }],
    { resamples: 0 },
    /resamples is 0; expected a whole number from 1 to 100/,
  ],
])('refuses %s before anything is computed', async (_, requests, options, message) => {
  const { numTensors } = memory();
  await expect(makePictures(requests, options)).rejects.toThrow(message);
  await expect(makePictures(requests, options)).rejects.toThrow(RangeError);
  expect(memory().numTensors).toBe(numTensors);
});
