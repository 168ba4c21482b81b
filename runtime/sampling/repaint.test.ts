// Pictures of which a masked part is made new.

import { dispose, memory, type Tensor4D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import type { SamplerName } from '../core/samplingBounds.ts';
import { runToEnd } from '../core/slices.ts';
import { difference, ELF, makePictures, ORC, withModel } from '../testing/tinyModel.ts';
import { encodePixelsInSlices } from './autoencoder.ts';
import { completeAll, type SampleOptions } from './completeAll.ts';
import { generate } from './generate.ts';
import { latentMask, repaintingOf } from './repaint.ts';
import { sample, sampleInSlices, sampleRecipesInSlices } from './sample.ts';
import type { SamplingPlan } from './samplingPlan.ts';

const SAMPLERS: SamplerName[] = ['ddpm', 'ddim', 'dpm++', 'euler'];
const OPTIONS: SampleOptions = { numInferenceSteps: 4, resamples: 3 };

const IMAGE = Uint8Array.from({ length: 4 * 16 * 16 }, (_, i) => (i * i * 31 + i) % 256);
const NOTHING = new Uint8Array(256);
const EVERYTHING = new Uint8Array(256).fill(255);
/** The upper half, with a soft edge: rows 0 … 6 new, row 7 a bit. */
const UPPER_HALF = Uint8Array.from({ length: 256 }, (_, i) => [255, 100, 0][Math.max(0, Math.floor(i / 16) - 6)] ?? 0);

beforeAll(async () => {
  await selectBackend({ backend: 'wasm' });
});

describe.each(SAMPLERS)('repainting by %s', (sampler) => {
  const options: SampleOptions = { ...OPTIONS, sampler };

  it('leaves the kept latents exactly as they were, and makes the others new', async () => {
    await withModel(async (model) => {
      let result = new Float32Array();
      for await (const { x0Pred } of sample(model, [{ ...ELF, image: IMAGE, mask: UPPER_HALF }], options)) {
        result = Float32Array.from(await x0Pred.data());
        const original = await latentsOf(runToEnd(encodePixelsInSlices(model, [IMAGE])));
        expect(result.subarray(128), 'at every step').toEqual(original.subarray(128));
        expect(differs(result.subarray(0, 128), original)).toBe(true);
      }
      expect(result.every(Number.isFinite)).toBe(true);
    });
  });

  it('gives every byte of the image where the mask is 0, and others where it is 255', async () => {
    const [upper] = await makePictures([{ ...ELF, image: IMAGE, mask: UPPER_HALF }], options);
    expect(upper!.subarray(8 * 64)).toEqual(IMAGE.subarray(8 * 64));
    expect(difference(upper!.subarray(0, 7 * 64), IMAGE.subarray(0, 7 * 64))).toBeGreaterThan(20);
  });

  it('of nothing is the image, and of everything a plain sample, alone or beside others', async () => {
    const requests = [NOTHING, EVERYTHING, UPPER_HALF].map((mask) => ({ ...ELF, image: IMAGE, mask }));
    const [nothing, everything] = await makePictures(requests, options);
    const [plain] = await makePictures([ELF], { sampler, numInferenceSteps: 4 });
    expect(nothing).toEqual(IMAGE);
    expect(difference(everything!, plain!)).toBeLessThanOrEqual(1);
    const [alone] = await makePictures([requests[1]!], options);
    expect(alone).toEqual(plain);
  });

  it('draws by the seed alone, whatever the batch', async () => {
    const request = { ...ELF, image: IMAGE, mask: UPPER_HALF };
    const [alone] = await makePictures([request], options);
    const other = { ...ORC, image: IMAGE.toReversed(), mask: UPPER_HALF.toReversed() };
    const [, second] = await makePictures([other, request], options);
    expect(difference(alone!, second!)).toBeLessThanOrEqual(1);
    const [seed8] = await makePictures([{ ...request, seed: 8 }], options);
    expect(difference(alone!, seed8!)).toBeGreaterThan(20);
  });
});

describe('repainting', () => {
  const request = { ...ELF, image: IMAGE, mask: UPPER_HALF };

  it('makes each step but the last as often as asked, and reports it once', async () => {
    await withModel(async (model) => {
      const slicesOf = (resamples: number) => {
        let [numSlices, numSteps] = [0, 0];
        for (const step of sampleInSlices(model, [request], { ...OPTIONS, resamples })) {
          if (step) numSteps++;
          else numSlices++;
        }
        return { numSlices, numSteps };
      };
      const [once, twice, thrice] = [1, 2, 3].map(slicesOf);
      expect([once, twice, thrice].map((run) => run!.numSteps)).toEqual([4, 4, 4]);
      const extra = twice!.numSlices - once!.numSlices;
      expect(extra).toBeGreaterThan(3 * 15);
      expect(thrice!.numSlices - twice!.numSlices).toBe(extra);
    });
  });

  it('depends on how often', async () => {
    const [once] = await makePictures([request], { ...OPTIONS, resamples: 1 });
    const [twice] = await makePictures([request], { ...OPTIONS, resamples: 2 });
    expect(difference(once!, twice!)).toBeGreaterThan(10);
  });

  it('begins from the masked part as it was, at a strength', async () => {
    await withModel(async (model) => {
      const steps: number[] = [];
      for await (const { numSteps } of sample(model, [request], { ...OPTIONS, strength: 0.5 })) steps.push(numSteps);
      expect(steps).toEqual([2, 2]);
    });
  });

  it('of all of a large picture is laid out at once', () => {
    const recipes = [{ label: 'elf', seed: 7, mask: new Uint8Array(400 * 400).fill(255) }];
    const plan = { recipes, widthPx: 400, latentShape: [400, 400, 1], numFrames: 1 } as unknown as SamplingPlan;
    const { isNew, fitted } = repaintingOf(plan);
    expect([isNew.dataSync().includes(0), fitted.dataSync().includes(1)]).toEqual([false, false]);
    dispose([isNew, fitted]);
  }, 10_000); // ms; it takes longer where each cell looks at all others

  it('measures guidance once a step', async () => {
    await withModel(async (model) => {
      const { numTensors } = memory();
      for await (const { guidanceNorm } of sample(model, [request, request], { ...OPTIONS, measureGuidance: true })) {
        expect(guidanceNorm!.shape).toEqual([2]);
        guidanceNorm!.dispose();
      }
      expect(memory().numTensors).toBe(numTensors);
    });
  });

  it('leaves nothing behind when it is given up at any slice, or fails', async () => {
    await withModel(async (model) => {
      const { numTensors } = memory();
      const start = (of = model) =>
        sampleInSlices(of, [request], { numInferenceSteps: 2, resamples: 2, sampler: 'dpm++', measureGuidance: true });
      let numSlices = 0;
      for (const step of start()) {
        numSlices++;
        step?.guidanceNorm?.dispose();
      }
      for (let count = 0; count <= numSlices; count += 3) {
        const slices = start();
        for (let i = 0; i < count; i++) slices.next().value?.guidanceNorm?.dispose();
        slices.return(undefined);
        expect(memory().numTensors, `after ${count} slices`).toBe(numTensors);
      }
      const { 'conv_out.bias': _, ...weights } = model.unet.weights;
      const broken = start({ ...model, unet: { ...model.unet, weights } });
      expect(() => {
        while (!broken.next().done);
      }).toThrow('conv_out.bias is missing');
      expect(memory().numTensors).toBe(numTensors);
    });
  });

  it('leaves nothing behind when it is given up before its first step, where noise and steps are recorded', async () => {
    await withModel(async (model) => {
      const { recipes } = completeAll({ model }, [request], { numInferenceSteps: 2, resamples: 1 });
      const { numTensors } = memory();
      let isBefore = true;
      for (let count = 1; isBefore; count++) {
        const slices = sampleRecipesInSlices(model, recipes, { isRecorded: true });
        for (let i = 0; i < count; i++) isBefore = slices.next().value === null;
        slices.return(undefined);
        expect(memory().numTensors, `after ${count} slices`).toBe(numTensors);
      }
    });
  });

  it('stops between the times a step is made when aborted', async () => {
    await withModel(async (model) => {
      const { numTensors } = memory();
      const controller = new AbortController();
      const onStep = async () => controller.abort(new Error('enough'));
      await expect(generate(model, [request], { ...OPTIONS, signal: controller.signal, onStep })).rejects.toThrow(
        'enough',
      );
      expect(memory().numTensors).toBe(numTensors);
    });
  });

  describeOnBackends(() => {
    it('runs, and keeps what is to be kept', async () => {
      const [pixels] = await makePictures([request], { numInferenceSteps: 2, resamples: 2 });
      expect(pixels!.subarray(8 * 64)).toEqual(IMAGE.subarray(8 * 64));
    });
  });
});

async function latentsOf(latents: Tensor4D): Promise<Float32Array> {
  const values = (await latents.data()) as Float32Array;
  latents.dispose();
  return values;
}

function differs(a: Float32Array, b: Float32Array): boolean {
  return a.some((value, i) => Math.abs(value - b[i]!) > 0.1);
}

/** A mask of 6 × 4 pixels with these set. */
function maskOf(...pixels: [x: number, y: number, value: number][]): Uint8Array {
  const mask = new Uint8Array(24);
  for (const [x, y, value] of pixels) mask[y * 6 + x] = value;
  return mask;
}

it.each([
  ['nothing', maskOf(), [0, 0, 0, 0, 0, 0]],
  ['a pixel in the corner of its cell', maskOf([1, 1, 255]), [1, 0, 0, 0, 0, 0]],
  ['the first of the next cell', maskOf([2, 1, 255]), [0, 1, 0, 0, 0, 0]],
  ['a trace', maskOf([5, 3, 1]), [0, 0, 0, 0, 0, 1]],
  ['everything', new Uint8Array(24).fill(255), [1, 1, 1, 1, 1, 1]],
])('marks each cell that a pixel touches: %s', (_, mask, expected) => {
  expect([...latentMask(mask, 6, 3, 2)]).toEqual(expected);
});
