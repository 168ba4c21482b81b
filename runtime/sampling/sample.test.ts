import { add, mean, memory, mul, sqrt, square, sub, type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { normals } from '../core/random.ts';
import type { SamplerName } from '../core/samplingBounds.ts';
import { runToEnd } from '../core/slices.ts';
import { createSampler } from '../diffusion/sampler.ts';
import { createSchedule } from '../diffusion/schedule.ts';
import * as networks from '../networks/unet2d.ts';
import { difference, ELF, ORC, withModel } from '../testing/tinyModel.ts';
import { decodeLatentsInSlices, imagesToPixels } from './autoencoder.ts';
import { generate } from './generate.ts';
import type { DiffusionModel } from './model.ts';
import { sample } from './sample.ts';

describe('sample', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'wasm' });
  });

  it('shows the clean latents on the way, and the result at the end', async () => {
    await withModel(async (model) => {
      const previews: Uint8Array[] = [];
      for await (const { step, numSteps, x0Pred } of sample(model, [ELF])) {
        expect([step, numSteps]).toEqual([previews.length + 1, 3]);
        previews.push(await decoded(model, x0Pred));
      }
      expect(difference(previews[0]!, previews[2]!)).toBeGreaterThan(2);
      expect(previews[2]).toEqual((await generate(model, [ELF]))[0]);
    });
  });

  it.each<SamplerName>(['ddim', 'euler'])('measures how far guidance goes, if asked: %s', async (sampler) => {
    await withModel(async (model) => {
      const { scheduler, unet } = model;
      const guidanceInterval = [400, 1000] as const;
      const options = { sampler, numInferenceSteps: 5, guidanceScale: 3, guidanceInterval };
      const { numTensors } = memory();
      const measured: (number[] | null)[] = [];
      for await (const { guidanceNorm } of sample(model, [ELF, ORC], { ...options, measureGuidance: true })) {
        measured.push(guidanceNorm && Array.from(await guidanceNorm.data()));
        guidanceNorm?.dispose();
      }
      expect(memory().numTensors).toBe(numTensors);
      // The same by two passes a step: noise of variance 1 − ᾱ on the signal, and what each pass takes it for.
      const steps = createSampler(sampler, scheduler, { numInferenceSteps: 5 });
      const { alphasCumprod } = createSchedule(scheduler);
      const start = [ELF, ORC].flatMap(({ seed }) => [...normals(seed, 0, 256)]);
      let xt: Tensor4D = mul(tensor4d(start, [2, 8, 8, 4]), steps.initNoiseSigma);
      for (const [index, t] of steps.timesteps.entries()) {
        const isGuided = t >= 400;
        const pass = (labels: number[]) =>
          networks.unet2d(unet.config, unet.weights, steps.scaleInput(xt, index), [t, t], labels);
        const [cond, uncond] = [pass([0, 2]), pass([3, 3])];
        const output: Tensor4D = isGuided ? add(uncond, mul(sub(cond, uncond), 3)) : cond;
        if (isGuided && Number.isInteger(t)) {
          const share = scheduler.predictionType === 'v_prediction' ? Math.sqrt(alphasCumprod[t]!) : 1;
          const rms = sqrt(mean(square(mul(sub(output, uncond), share)), [1, 2, 3]));
          Array.from(await rms.data()).forEach((value, image) => {
            expect(measured[index]![image]).toBeCloseTo(value, 5);
          });
        }
        expect(measured[index] === null).toBe(!isGuided);
        xt = steps.step(output, index, xt).xt;
      }
    });
  });

  it.each([
    [2, false],
    [1, true],
    [0, true],
  ])('measures nothing at guidance %f when asked is %s', async (guidanceScale, measureGuidance) => {
    await withModel(async (model) => {
      for await (const step of sample(model, [ELF], { guidanceScale, measureGuidance })) {
        expect(step.guidanceNorm).toBeNull();
      }
    });
  });

  it('leaves nothing behind when the caller turns away', async () => {
    await withModel(async (model) => {
      const { numTensors } = memory();
      for await (const { step } of sample(model, [ELF], { sampler: 'dpm++' })) if (step === 2) break;
      expect(memory().numTensors).toBe(numTensors);
    });
  });
});

async function decoded(model: DiffusionModel, latents: Tensor4D): Promise<Uint8Array> {
  const images = runToEnd(decodeLatentsInSlices(model, latents));
  const [pixels] = await imagesToPixels(model, images);
  images.dispose();
  return pixels!;
}
