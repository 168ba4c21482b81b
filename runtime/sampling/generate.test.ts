import {
  add,
  dispose,
  mean,
  memory,
  mul,
  sqrt,
  square,
  sub,
  type Tensor4D,
  tensor4d,
  tidy,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type BackendName, selectBackend } from '../backend.ts';
import { normals } from '../core/random.ts';
import { guidedPrediction } from '../diffusion/guidance.ts';
import { createSampler } from '../diffusion/sampler.ts';
import { createSchedule } from '../diffusion/schedule.ts';
import type { SamplerName } from '../diffusion/schedulerConfig.ts';
import * as networks from '../networks/unet2d.ts';
import { describeOnBackends } from '../testing/backends.ts';
import { expectClose } from '../testing/matchers.ts';
import { runSlices } from '../testing/sliceCase.ts';
import { tinyModelFiles } from '../testing/tinyModel.ts';
import {
  decodeLatents,
  decodeLatentsInSlices,
  generate,
  type ImageRequest,
  imagesToPixels,
  type SampleOptions,
  sample,
  sampleInSlices,
} from './generate.ts';
import { createModel, type DiffusionModel } from './model.ts';

vi.mock('../networks/unet2d.ts', { spy: true });

const ELF: ImageRequest = { label: 'elf', seed: 7 };
const ORC: ImageRequest = { label: 'orc', seed: 7 };
const GOBLIN: ImageRequest = { label: 'goblin', seed: 4_294_967_295 };

/** Largest difference between the bytes of two pictures. */
function difference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((top, value, i) => Math.max(top, Math.abs(value - b[i]!)), 0);
}

async function withModel<T>(run: (model: DiffusionModel) => Promise<T>): Promise<T> {
  const model = createModel(tinyModelFiles());
  try {
    return await run(model);
  } finally {
    model.dispose();
  }
}

const make = (requests: ImageRequest[], options: SampleOptions = {}) =>
  withModel((model) => generate(model, requests, options));

const pictures = new Map<BackendName, Uint8Array>();

describe('generate', () => {
  describeOnBackends((backend) => {
    it('makes the same picture of a seed whatever the batch and its order', async () => {
      const [alone] = await make([ELF]);
      const others = Array.from({ length: 13 }, (_, seed) => ({ label: 'orc', seed }));
      const many = await make([GOBLIN, ...others, ELF, ORC]);
      expect(difference(alone!, many[14]!)).toBeLessThanOrEqual(1);
      expect(difference(alone!, many[0]!)).toBeGreaterThan(20);
      expect(difference(alone!, many[15]!), 'the label counts').toBeGreaterThan(20);
      pictures.set(backend, alone!);
    });

    it('makes the picture of the other backends', () => {
      expect(difference(pictures.get(backend)!, pictures.get('cpu')!)).toBeLessThanOrEqual(2);
    });

    it('leaves no tensors behind', async () => {
      const { numTensors } = memory();
      await make([ELF, ORC], { sampler: 'dpm++' });
      expect(memory().numTensors).toBe(numTensors);
    });
  });
});

describe('sampling', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'wasm' });
  });

  it('fills the picture: RGBA, and not all alike', async () => {
    const [pixels] = await make([ELF]);
    expect(pixels).toHaveLength(16 * 16 * 4);
    expect(new Set(pixels).size).toBeGreaterThan(20);
  });

  it.each<[SamplerName, SampleOptions]>([
    ['ddpm', {}],
    ['ddim', {}],
    ['ddim', { eta: 1 }],
    ['dpm++', {}],
    ['euler', {}],
  ])('%s %j draws by the seed alone, step noise included', async (sampler, options) => {
    const [alone] = await make([ELF], { sampler, ...options });
    const [, second] = await make([ORC, ELF], { sampler, ...options });
    expect(difference(alone!, second!)).toBeLessThanOrEqual(1);
    const [other] = await make([{ ...ELF, seed: 8 }], { sampler, ...options });
    expect(difference(alone!, other!)).toBeGreaterThan(20);
  });

  it('interpolates between the pictures of two seeds, which are the ends exactly', async () => {
    const between = (amount: number) => ({ ...ELF, interpolate: { seed: 21, amount } });
    const [from, to] = await make([ELF, { ...ELF, seed: 21 }]);
    const [atFrom, middle, atTo, other] = await make([between(0), between(0.5), between(1), ORC]);
    expect(atFrom).toEqual(from);
    expect(atTo).toEqual(to);
    expect(difference(middle!, from!)).toBeGreaterThan(20);
    expect(difference(middle!, to!)).toBeGreaterThan(20);
    expect(other, 'others in the batch are as they were').toEqual((await make([ORC]))[0]);
  });

  it('takes steps and guidance from the model, unless told', async () => {
    const [preset] = await make([ELF]);
    const [same] = await make([ELF], { sampler: 'ddim', numInferenceSteps: 3, guidanceScale: 2 });
    expect(same).toEqual(preset);
    const [other] = await make([ELF], { guidanceScale: 4 });
    expect(difference(preset!, other!)).toBeGreaterThan(2);
    const [noisy] = await make([ELF], { eta: 1 });
    expect(difference(preset!, noisy!)).toBeGreaterThan(2);
  });

  it.each([
    [1, 2],
    [2, 4],
    [0, 2],
  ])('runs at guidance %f over %i images for two', async (guidanceScale, numForward) => {
    const unet = vi.mocked(networks.unet2dInSlices);
    unet.mockClear();
    await make([ELF, ORC], { guidanceScale, numInferenceSteps: 3 });
    expect(unet.mock.calls.map(([, , xt]) => xt.shape[0])).toEqual([numForward, numForward, numForward]);
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

  it('leaves nothing behind when the caller turns away', async () => {
    await withModel(async (model) => {
      const { numTensors } = memory();
      for await (const { step } of sample(model, [ELF], { sampler: 'dpm++' })) if (step === 2) break;
      expect(memory().numTensors).toBe(numTensors);
    });
  });

  it.each<[string, ImageRequest, SampleOptions, RegExp]>([
    [
      'label',
      { label: 'orcc', seed: 1 },
      {},
      /label "orcc" is unknown; did you mean "orc"\? known labels: elf, goblin/,
    ],
    ['seed', { label: 'orc', seed: -1 }, {}, /generate: .*seed/],
    ['second seed', { ...ORC, interpolate: { seed: 0.5, amount: 0 } }, {}, /generate: interpolate: seed is 0.5/],
    ['amount', { ...ORC, interpolate: { seed: 1, amount: 2 } }, {}, /generate: interpolate: amount is 2; expected 0/],
    ['guidance', ELF, { guidanceScale: 21 }, /generate: guidanceScale is 21/],
    ['steps', ELF, { numInferenceSteps: 0 }, /numInferenceSteps is 0/],
    ['sampler', ELF, { sampler: 'dpm' as SamplerName }, /"dpm" is unknown; expected ddpm, ddim, dpm\+\+, euler/],
    ['eta', ELF, { eta: 2 }, /eta/],
  ])('refuses a wrong %s before anything is computed', async (_, request, options, message) => {
    const { numTensors } = memory();
    await expect(make([ELF, request], options)).rejects.toThrow(message);
    await expect(make([request], options)).rejects.toThrow(RangeError);
    expect(memory().numTensors).toBe(numTensors);
  });

  it('has nothing to do without requests', async () => {
    expect(await make([])).toEqual([]);
  });
});

describe('sampling in slices', () => {
  /** Runs to the end and returns the latents after each step, with the number of slices before it. */
  async function collect(model: DiffusionModel, options: SampleOptions, first: ImageRequest = ELF) {
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

  describeOnBackends(() => {
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

    it('decodes the same, exactly', async () => {
      await withModel(async (model) => {
        const latents = tensor4d(normals(1, 0, 2 * 8 * 8 * 4), [2, 8, 8, 4]);
        const { numTensors } = memory();
        const slices = decodeLatentsInSlices(model, latents);
        let slice = slices.next();
        while (!slice.done) slice = slices.next();
        const whole = decodeLatents(model, latents);
        expect(await slice.value.data()).toEqual(await whole.data());
        dispose([slice.value, whole]);
        expect(memory().numTensors).toBe(numTensors);
        latents.dispose();
      });
    });
  });

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

    it('leave nothing behind of a picture half decoded', async () => {
      await withModel(async (model) => {
        const latents = tensor4d(normals(1, 0, 8 * 8 * 4), [1, 8, 8, 4]);
        const { numTensors } = memory();
        const slices = decodeLatentsInSlices(model, latents);
        for (let i = 0; i < 5; i++) expect(slices.next().done).toBe(false);
        slices.return(latents);
        expect(memory().numTensors).toBe(numTensors);
        expect(latents.isDisposed).toBe(false);
        latents.dispose();
      });
    });
  });
});

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

async function decoded(model: DiffusionModel, latents: Tensor4D): Promise<Uint8Array> {
  const images = tidy(() => decodeLatents(model, latents));
  const [pixels] = await imagesToPixels(model, images);
  images.dispose();
  return pixels!;
}
