import { memory } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { type BackendName, selectBackend } from '../backends/selectBackend.ts';
import type { SamplerName } from '../core/samplingBounds.ts';
import { runToEnd } from '../core/slices.ts';
import * as networks from '../networks/unet2d.ts';
import type { PictureOptions } from '../recipe/recipe.ts';
import { difference, ELF, GOBLIN, makePictures, ORC, withModel } from '../testing/tinyModel.ts';
import type { SampleOptions } from './completeAll.ts';
import { generate, generateRecipes } from './generate.ts';
import { imagesInSlices } from './images.ts';
import { sample, sampleInSlices } from './sample.ts';

const pictures = new Map<BackendName, Uint8Array>();

describe('generate', () => {
  describeOnBackends((backend) => {
    it('makes the same picture of a seed whatever the batch and its order, and leaves nothing behind', async () => {
      const { numTensors } = memory();
      const [alone] = await makePictures([ELF]);
      const others = Array.from({ length: 3 }, (_, seed) => ({ label: 'orc', seed }));
      const [first, , , , same, last] = await makePictures([GOBLIN, ...others, ELF, ORC]);
      expect(difference(alone!, same!)).toBeLessThanOrEqual(1);
      expect(difference(alone!, first!)).toBeGreaterThan(20);
      expect(difference(alone!, last!), 'the label counts').toBeGreaterThan(20);
      pictures.set(backend, alone!);
      expect(memory().numTensors).toBe(numTensors);
    });

    it('makes the picture of the other backends', () => {
      expect(difference(pictures.get(backend)!, pictures.get('cpu')!)).toBeLessThanOrEqual(2);
    });
  });
});

describe('generate on wasm', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'wasm' });
  });

  it('fills the picture: RGBA, and not all alike', async () => {
    const [pixels] = await makePictures([ELF]);
    expect(pixels).toHaveLength(16 * 16 * 4);
    expect(new Set(pixels).size).toBeGreaterThan(20);
  });

  it.each<[SamplerName, SampleOptions]>([
    ['ddpm', {}],
    ['ddim', {}],
    ['ddim', { eta: 1 }],
    ['dpm++', {}],
    ['euler', {}],
  ])('%s %j draws by the seed alone, step noise included, and leaves nothing behind', async (sampler, options) => {
    const { numTensors } = memory();
    const [alone] = await makePictures([ELF], { sampler, ...options });
    const [, second] = await makePictures([ORC, ELF], { sampler, ...options });
    expect(difference(alone!, second!)).toBeLessThanOrEqual(1);
    const [other] = await makePictures([{ ...ELF, seed: 8 }], { sampler, ...options });
    expect(difference(alone!, other!)).toBeGreaterThan(20);
    expect(memory().numTensors).toBe(numTensors);
  });

  it('interpolates between the pictures of two seeds, which are the ends exactly', async () => {
    const between = (amount: number) => ({ ...ELF, interpolate: { seed: 21, amount } });
    const [from, to] = await makePictures([ELF, { ...ELF, seed: 21 }]);
    const [atFrom, middle, atTo, other] = await makePictures([between(0), between(0.5), between(1), ORC]);
    expect(atFrom).toEqual(from);
    expect(atTo).toEqual(to);
    expect(difference(middle!, from!)).toBeGreaterThan(20);
    expect(difference(middle!, to!)).toBeGreaterThan(20);
    expect(other, 'others in the batch are as they were').toEqual((await makePictures([ORC]))[0]);
  });

  it('takes steps and guidance from the model, unless told', async () => {
    const [preset] = await makePictures([ELF]);
    const [same] = await makePictures([ELF], { sampler: 'ddim', numInferenceSteps: 3, guidanceScale: 2 });
    expect(same).toEqual(preset);
    const [other] = await makePictures([ELF], { guidanceScale: 4 });
    expect(difference(preset!, other!)).toBeGreaterThan(2);
    const [noisy] = await makePictures([ELF], { eta: 1 });
    expect(difference(preset!, noisy!)).toBeGreaterThan(2);
  });

  it.each([
    [1, 2],
    [2, 4],
    [0, 2],
  ])('runs at guidance %f over %i images for two', async (guidanceScale, numForward) => {
    const unet = vi.spyOn(networks, 'unet2dInSlices');
    await withModel(async (model) => {
      // Not recorded, so that each step calls the network.
      for await (const { step } of sample(model, [ELF, ORC], { guidanceScale, numInferenceSteps: 3 }))
        expect(step).toBeGreaterThan(0);
    });
    expect(unet.mock.calls.map(([, , xt]) => xt.shape[0])).toEqual([numForward, numForward, numForward]);
    unet.mockRestore();
  });

  it('measures no guidance, which no one would dispose of', async () => {
    await withModel(async (model) => {
      const { numTensors } = memory();
      const measured: SampleOptions = { measureGuidance: true };
      await generate(model, [ELF], { guidanceScale: 3, ...measured });
      expect(memory().numTensors).toBe(numTensors);
    });
  });

  it('stops between steps when aborted, and leaves nothing behind', async () => {
    await withModel(async (model) => {
      const { numTensors } = memory();
      const controller = new AbortController();
      const steps: number[] = [];
      const onStep = async ({ step }: { step: number }) => {
        steps.push(step);
        if (step === 2) controller.abort(new Error('enough'));
      };
      const options = { numInferenceSteps: 5, signal: controller.signal, onStep };
      await expect(generate(model, [ELF], options)).rejects.toThrow('enough');
      expect(steps).toEqual([1, 2]);
      expect(memory().numTensors).toBe(numTensors);
    });
  });

  it.each(['onStep', 'onSlice'])('leaves nothing behind when %s throws', async (name) => {
    await withModel(async (model) => {
      const options = { numInferenceSteps: 3 };
      await generate(model, [ELF], options); // keeps what the next picture needs, too
      const { numTensors } = memory();
      let numCalls = 0;
      const fail = () => {
        if (++numCalls === 2) throw new Error('enough');
      };
      await expect(generate(model, [ELF], { ...options, [name]: fail })).rejects.toThrow('enough');
      expect(memory().numTensors).toBe(numTensors);
    });
  });

  it.each<[string, PictureOptions, SampleOptions, RegExp]>([
    [
      'label',
      { label: 'orcc', seed: 1 },
      {},
      /label "orcc" is unknown; did you mean "orc"\? known labels: elf, goblin/,
    ],
    ['seed', { label: 'orc', seed: -1 }, {}, /generate: .*seed/],
    ['second seed', { ...ORC, interpolate: { seed: 0.5, amount: 0 } }, {}, /generate: interpolate.seed is 0.5/],
    ['amount', { ...ORC, interpolate: { seed: 1, amount: 2 } }, {}, /generate: interpolate.amount is 2; expected 0/],
    ['guidance', ELF, { guidanceScale: 21 }, /generate: guidanceScale is 21/],
    ['steps', ELF, { numInferenceSteps: 0 }, /numInferenceSteps is 0/],
    ['sampler', ELF, { sampler: 'dpm' as SamplerName }, /sampler is "dpm"; expected one of ddpm, ddim, dpm\+\+, euler/],
    ['eta', ELF, { eta: 2 }, /eta/],
  ])('refuses a wrong %s before anything is computed', async (_, request, options, message) => {
    const { numTensors } = memory();
    await expect(makePictures([ELF, request], options)).rejects.toThrow(message);
    await expect(makePictures([request], options)).rejects.toThrow(RangeError);
    expect(memory().numTensors).toBe(numTensors);
  });

  it('has nothing to do without requests', async () => {
    expect(await makePictures([])).toEqual([]);
  });

  it('is told of a batch without recipes, as sampling is', async () => {
    await withModel(async (model) => {
      const nothing = /generate: the batch has no recipes; give at least one/;
      await expect(generateRecipes({ model }, [])).rejects.toThrow(nothing);
      expect(() => runToEnd(imagesInSlices({ model }, []))).toThrow(nothing);
      expect(() => runToEnd(sampleInSlices(model, []))).toThrow(nothing);
      await expect(sample(model, []).next()).rejects.toThrow(nothing);
    });
  });
});
