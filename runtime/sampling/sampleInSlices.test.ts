import { memory, mul, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { normals } from '../core/random.ts';
import type { SamplerName } from '../core/samplingBounds.ts';
import { guidedPrediction } from '../diffusion/guidance.ts';
import { createSampler } from '../diffusion/sampler.ts';
import * as networks from '../networks/unet2d.ts';
import type { PictureOptions } from '../recipe/recipe.ts';
import { expectClose } from '../testing/matchers.ts';
import { runSlices } from '../testing/sliceCase.ts';
import { ELF, ORC, withModel } from '../testing/tinyModel.ts';
import type { SampleOptions } from './completeAll.ts';
import type { DiffusionModel } from './model.ts';
import { sampleInSlices } from './sample.ts';

describe('sampling in slices', () => {
  /** Runs to the end and returns the latents after each step, with the number of slices before it. */
  async function collect(model: DiffusionModel, options: SampleOptions, first: PictureOptions = ELF) {
    const steps: { step: number; numSteps: number; latents: Float32Array; numSlices: number }[] = [];
    let numSlices = 0;
    for (const step of sampleInSlices(model, [first, ORC], options)) {
      numSlices++;
      if (!step) continue;
      const latents = Float32Array.from(await step.x0Pred.data());
      steps.push({ step: step.step, numSteps: step.numSteps, latents, numSlices });
      numSlices = 0;
    }
    return steps;
  }

  /** The latents after each of three steps, by the functions that do not pause. */
  async function reference(
    { scheduler, unet }: DiffusionModel,
    name: SamplerName,
    guidanceScale: number,
    startOfFirst = normals(ELF.seed, 0, 256),
  ) {
    const sampler = createSampler(name, scheduler, { numInferenceSteps: 3 });
    const draw = (stream: number) => {
      const first = stream === 0 ? startOfFirst : normals(ELF.seed, stream, 256);
      return tensor4d([...first, ...normals(ORC.seed, stream, 256)], [2, 8, 8, 4]);
    };
    const predict = (x: Tensor4D, t: ArrayLike<number>, labels: ArrayLike<number>) =>
      networks.unet2d(unet.config, unet.weights, x, t, labels);
    const latents: Float32Array[] = [];
    let xt: Tensor4D = mul(draw(0), sampler.initNoiseSigma);
    for (const [index, t] of sampler.timesteps.entries()) {
      const next = tidy(() => {
        const output = guidedPrediction(predict, sampler.scaleInput(xt, index), t, [0, 2], 3, { guidanceScale });
        return sampler.step(output, index, xt, draw(index + 1));
      });
      latents.push((await (index === 2 ? next.xt : next.x0Pred).data()) as Float32Array);
      xt = next.xt;
    }
    return latents;
  }

  const onWasm = () => {
    it.each<[SamplerName, number]>([
      ['euler', 2],
      ['ddpm', 1],
    ])('computes what the whole functions do, exactly: %s at guidance %d', async (sampler, guidanceScale) => {
      await withModel(async (model) => {
        const { numTensors } = memory();
        const steps = await collect(model, { sampler, guidanceScale });
        expect(memory().numTensors).toBe(numTensors);
        expect(steps.map(({ step, numSteps }) => [step, numSteps])).toEqual([
          [1, 3],
          [2, 3],
          [3, 3],
        ]);
        for (const { numSlices } of steps) expect(numSlices).toBeGreaterThan(15);
        expect(steps.map(({ latents }) => latents)).toEqual(await reference(model, sampler, guidanceScale));
      });
    });
  };
  describeOnBackends(onWasm, ['wasm']);

  describe('between two seeds', () => {
    beforeAll(async () => {
      await selectBackend({ backend: 'wasm' });
    });

    it('begins on the arc to a second seed, and draws the noise of each step from the first', async () => {
      await withModel(async (model) => {
        const [own, other] = [normals(ELF.seed, 0, 256), normals(21, 0, 256)];
        const cosine = dot(own, other) / Math.sqrt(dot(own, own) * dot(other, other));
        const [ofOwn, ofOther] = [0.75, 0.25].map(
          (share) => Math.sin(share * Math.acos(cosine)) / Math.sin(Math.acos(cosine)),
        );
        const start = own.map((value, i) => ofOwn! * value + ofOther! * other[i]!);
        const steps = await collect(model, { sampler: 'ddpm' }, { ...ELF, interpolate: { seed: 21, amount: 0.25 } });
        const expected = await reference(model, 'ddpm', 2, start);
        for (const [i, { latents }] of steps.entries()) expectClose(latents, expected[i]!);
      });
    });
  });

  describe('that end early', () => {
    beforeAll(async () => {
      await selectBackend({ backend: 'wasm' });
    });

    /** Sampling that pauses in the middle of its second step. */
    function begin(model: DiffusionModel, options: SampleOptions = {}) {
      const steps = sampleInSlices(model, [ELF], { sampler: 'dpm++', ...options });
      while (steps.next().value === null);
      for (let i = 0; i < 7; i++) expect(steps.next().value).toBeNull();
      return steps;
    }

    it('leave nothing behind when the caller gives them up', async () => {
      await withModel(async (model) => {
        const { numTensors } = memory();
        const steps = begin(model);
        expect(memory().numTensors).toBeGreaterThan(numTensors);
        steps.return(undefined);
        expect(memory().numTensors).toBe(numTensors);
        expect(steps.next().done).toBe(true);
      });
    });

    it('stop at the next slice when aborted, and leave nothing behind', async () => {
      await withModel(async (model) => {
        const { numTensors } = memory();
        const controller = new AbortController();
        const steps = begin(model, { signal: controller.signal });
        controller.abort(new Error('enough'));
        expect(() => steps.next()).toThrow('enough');
        expect(memory().numTensors).toBe(numTensors);
      });
    });

    it('leave nothing behind when the network fails', async () => {
      await withModel(async (model) => {
        const { 'conv_out.bias': _, ...weights } = model.unet.weights;
        const { numTensors } = memory();
        const broken = { ...model, unet: { ...model.unet, weights } };
        const { numSlices, error } = runSlices(sampleInSlices(broken, [ELF]));
        expect(String(error)).toContain('conv_out.bias is missing');
        expect(numSlices).toBeGreaterThan(15);
        expect(memory().numTensors).toBe(numTensors);
      });
    });
  });
});

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
