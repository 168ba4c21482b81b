import { add, memory, mul, sub, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { type BackendName, selectBackend } from '../backends/selectBackend.ts';
import { normals } from '../core/random.ts';
import { guidedPrediction } from '../diffusion/guidance.ts';
import { toX0Eps } from '../diffusion/prediction.ts';
import { createSampler } from '../diffusion/sampler.ts';
import { alphaBarAt, createSchedule } from '../diffusion/schedule.ts';
import * as networks from '../networks/unet2d.ts';
import type { PictureOptions } from '../recipe/recipe.ts';
import { expectClose } from '../testing/matchers.ts';
import { difference, ELF, ORC, tinyClassifierFiles, tinyModelFiles } from '../testing/tinyModel.ts';
import type { SampleOptions } from './completeAll.ts';
import { generate } from './generate.ts';
import { createModel, type DiffusionModel } from './model.ts';
import { createNoisyClassifier, type NoisyClassifier } from './noisyClassifier.ts';
import { sample, sampleInSlices } from './sample.ts';

const SCALE = 20; // an untrained classifier has small gradients

async function withBoth<T>(run: (model: DiffusionModel, classifier: NoisyClassifier) => Promise<T>): Promise<T> {
  const [model, classifier] = [createModel(tinyModelFiles()), createNoisyClassifier(tinyClassifierFiles())];
  try {
    return await run(model, classifier);
  } finally {
    model.dispose();
    classifier.dispose();
  }
}

/** Pictures steered to a hat. */
const make = (requests: PictureOptions[], options: SampleOptions = {}) =>
  withBoth((model, classifier) =>
    generate(model, requests, { classifier, classifierLabel: 'hat', classifierScale: SCALE, ...options }),
  );

/** ∇ log p is the same everywhere: a classifier whose log p is linear. It fits all models. */
function linearClassifier(direction: Float32Array): NoisyClassifier {
  return {
    labels: ['there'],
    hash: 'linear',
    logProbs: () => {
      throw new Error('not needed');
    },
    gradient: (xt) =>
      tensor4d(
        Float32Array.from(xt.dataSync(), (_, i) => direction[i % direction.length]!),
        xt.shape,
      ),
    checkFits: () => {},
    dispose: () => {},
  };
}

const pictures = new Map<BackendName, Uint8Array>();

describe('guidance by a classifier', () => {
  describeOnBackends((backend) => {
    it('makes the picture of the other backends, and leaves nothing behind', async () => {
      const { numTensors } = memory();
      const [picture] = await make([ELF]);
      expect(memory().numTensors).toBe(numTensors);
      pictures.set(backend, picture!);
      expect(difference(picture!, pictures.get('cpu')!)).toBeLessThanOrEqual(2);
    });
  });
});

describe('classifierGuideOf', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'wasm' });
  });

  it.each(['epsilon', 'v_prediction', 'sample'] as const)(
    'moves the noise that the network sees by −sqrt(1 − ᾱ) · s · ∇ log p, of any classifier: %s',
    async (predictionType) => {
      const files = tinyModelFiles();
      files.schedulerConfig = { ...(files.schedulerConfig as object), prediction_type: predictionType };
      const model = createModel(files);
      const direction = normals(3, 0, 256);
      const options = { numInferenceSteps: 4, guidanceScale: 2, classifierLabel: 'there', classifierScale: 0.5 };
      const classifier = linearClassifier(direction);
      const actual: Float32Array[] = [];
      for await (const { x0Pred } of sample(model, [ELF, ORC], { sampler: 'ddim', classifier, ...options })) {
        actual.push(Float32Array.from(await x0Pred.data()));
      }
      // The same, in the terms of eps: DDIM of an eps that is moved.
      const sampler = createSampler('ddim', model.scheduler, { numInferenceSteps: 4 });
      const schedule = createSchedule(model.scheduler);
      const gradient = tensor4d([...direction, ...direction], [2, 8, 8, 4]);
      let xt: Tensor4D = tensor4d([...normals(7, 0, 256), ...normals(7, 0, 256)], [2, 8, 8, 4]);
      const predict = (x: Tensor4D, t: ArrayLike<number>, labels: ArrayLike<number>) =>
        networks.unet2d(model.unet.config, model.unet.weights, x, t, labels);
      for (const [index, t] of sampler.timesteps.entries()) {
        const alphaBar = alphaBarAt(schedule, t);
        const [noiseShare, signal] = [Math.sqrt(1 - alphaBar), Math.sqrt(alphaBar)];
        const after = sampler.level(index + 1);
        const next = tidy(() => {
          const output = guidedPrediction(predict, xt, t, [0, 2], 3, { guidanceScale: 2 });
          const plain = toX0Eps(predictionType, output, xt, alphaBar).eps;
          const eps = alphaBar < 0.01 ? plain : sub<Tensor4D>(plain, mul(gradient, 0.5 * noiseShare));
          const x0 = mul<Tensor4D>(sub(xt, mul(eps, noiseShare)), 1 / signal);
          return { x0, xt: add<Tensor4D>(mul(x0, after.signal), mul(eps, after.noise)) };
        });
        const expected = index === 3 ? next.xt : next.x0;
        expectClose(actual[index]!, (await expected.data()) as Float32Array, { relative: 1e-3 }, `step ${index}`);
        xt = next.xt;
      }
      model.dispose();
    },
  );

  it('steers, the one way, the other way, and not at all', async () => {
    const [plain] = await withBoth((model) => generate(model, [ELF]));
    const [hat] = await make([ELF]);
    const [bare] = await make([ELF], { classifierLabel: 'no_hat' });
    const [away] = await make([ELF], { classifierScale: -SCALE });
    const [off] = await make([ELF], { classifierScale: 0 });
    expect(off).toEqual(plain);
    for (const [a, b] of [
      [hat, plain],
      [bare, plain],
      [hat, bare],
      [hat, away],
    ] as const) {
      expect(difference(a!, b!)).toBeGreaterThan(3);
    }
  });

  it('raises the probability of the label as the classifier sees it', async () => {
    await withBoth(async (model, classifier) => {
      const probabilityOf = async (options: SampleOptions) => {
        for await (const { step, numSteps, x0Pred } of sample(model, [ELF, ORC], {
          numInferenceSteps: 5,
          ...options,
        })) {
          if (step < numSteps) continue;
          const logProbs = classifier.logProbs(x0Pred, [0, 0]);
          const values = await logProbs.data();
          logProbs.dispose();
          return values[0]! + values[2]!;
        }
        throw new Error('no step');
      };
      const towards = (classifierLabel: string) =>
        probabilityOf({ classifier, classifierLabel, classifierScale: SCALE });
      const [plain, hat, bare] = [await probabilityOf({}), await towards('hat'), await towards('no_hat')];
      expect(hat).toBeGreaterThan(plain);
      expect(bare).toBeLessThan(plain);
    });
  });

  it('makes the same picture of a seed whatever the batch', async () => {
    const [alone] = await make([ELF]);
    const [, second] = await make([ORC, ELF]);
    expect(difference(alone!, second!)).toBeLessThanOrEqual(1);
  });

  it('takes one more slice a step, and leaves nothing behind after any', async () => {
    await withBoth(async (model, classifier) => {
      const { numTensors } = memory();
      const start = (options: SampleOptions) => sampleInSlices(model, [ELF], { numInferenceSteps: 2, ...options });
      const steering = { classifier, classifierLabel: 'hat' };
      const numSlices = [...start(steering)].length;
      expect(numSlices).toBe([...start({})].length + 2);
      for (let count = 1; count < numSlices; count++) {
        const slices = start(steering);
        for (let i = 0; i < count; i++) slices.next();
        slices.return(undefined);
        expect(memory().numTensors, `after ${count} slices`).toBe(numTensors);
      }
    });
  });

  it('refuses a classifier of other latents', async () => {
    const files = tinyClassifierFiles();
    files.index.figment.scheduler = { ...files.index.figment.scheduler, beta_schedule: 'linear' };
    const classifier = createNoisyClassifier(files);
    await expect(make([ELF], { classifier })).rejects.toThrow(/tiny has another noise schedule/);
    classifier.dispose();
  });

  it.each<[string, SampleOptions, RegExp]>([
    ['label', { classifierLabel: 'hut' }, /label "hut" is unknown; did you mean "hat"\? known labels: hat, no_hat/],
    ['missing label', { classifierLabel: undefined }, /classifierLabel is missing; expected one of hat, no_hat/],
    ['scale', { classifierScale: 1000 }, /classifierScale is 1000/],
    ['classifier', { classifier: undefined }, /there is a classifierLabel but no classifier/],
  ])('refuses a wrong %s before anything is computed', async (_, options, message) => {
    const { numTensors } = memory();
    await expect(make([ELF], options)).rejects.toThrow(message);
    await expect(make([ELF], options)).rejects.toThrow(RangeError);
    expect(memory().numTensors).toBe(numTensors);
  });
});
