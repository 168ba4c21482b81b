import { dispose, memory, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { normals } from '../core/random.ts';
import { createDdim } from '../diffusion/ddim.ts';
import { guidedPrediction } from '../diffusion/guidance.ts';
import { createSampler } from '../diffusion/sampler.ts';
import { alphaBar, createSchedule, sigmaOf } from '../diffusion/schedule.ts';
import { PREDICTION_TYPES, parseSchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { type GaussianData, perfectOutput } from '../testing/gaussianData.ts';
import { expectClose } from '../testing/matchers.ts';
import { guidedByEach, longStepEnd, longSteps, longStepTarget, trajectory } from './distillation.ts';

const DATA: GaussianData = { mean: 0.7, std: 0.4 };
const SHAPE: [number, number, number, number] = [2, 3, 3, 1];
const NOISE = normals(5, 0, 18);

function scheduleOf(predictionType: string) {
  const config = parseSchedulerConfig(
    {
      _class_name: 'DDIMScheduler',
      beta_schedule: 'squaredcos_cap_v2',
      prediction_type: predictionType,
      clip_sample: false,
      timestep_spacing: 'trailing',
    },
    'the test',
  );
  return { config, schedule: createSchedule(config) };
}

/** Where the probability-flow ODE leads from x at one alphaBar to another: (x/signal − mean) / √(std² + sigma²) stays. */
function exactState(x: Float32Array, from: number, to: number): Float32Array {
  const spread = (alpha: number) => (alpha === 1 ? DATA.std : Math.hypot(DATA.std, sigmaOf(alpha)));
  return x.map((value) => {
    const standard = (value / Math.sqrt(from) - DATA.mean) / spread(from);
    return Math.sqrt(to) * (DATA.mean + standard * spread(to));
  });
}

beforeAll(async () => {
  await selectBackend({ backend: 'cpu' });
});

describe('longSteps', () => {
  it('has each step of each number of steps', () => {
    expect(longSteps([1, 2, 4])).toEqual([
      { stepCount: 1, from: 0, to: 4 },
      { stepCount: 2, from: 0, to: 2 },
      { stepCount: 2, from: 2, to: 4 },
      { stepCount: 4, from: 0, to: 1 },
      { stepCount: 4, from: 1, to: 2 },
      { stepCount: 4, from: 2, to: 3 },
      { stepCount: 4, from: 3, to: 4 },
    ]);
  });

  it('refuses numbers that do not divide the largest', () => {
    expect(() => longSteps([3, 4])).toThrow(/3 does not divide 4/);
  });
});

describe.each(PREDICTION_TYPES)('a student that predicts %s', (predictionType) => {
  const { config, schedule } = scheduleOf(predictionType);

  it.each([1, 2, 4])('makes the exact picture of Gaussian data in %i steps of DDIM', (numInferenceSteps) => {
    const sampler = createDdim(config, { numInferenceSteps });
    const alphas = [...sampler.timesteps.map((t) => alphaBar(schedule, t)), 1];
    let xt = NOISE;
    for (const index of sampler.timesteps.keys()) {
      const [from, to] = [alphas[index]!, alphas[index + 1]!];
      const end = exactState(xt, from, to);
      xt = tidy(() => {
        const state = tensor4d(xt, SHAPE);
        const output = longStepTarget(predictionType, state, tensor4d(end, SHAPE), from, to);
        return sampler.step(output, index, state).xt.dataSync<'float32'>();
      });
    }
    const picture = exactState(NOISE, alphas[0]!, 1);
    // Where almost no signal is left, epsilon multiplies the rounding of float32 by 1 / signal.
    expectClose(xt, picture, { absolute: predictionType === 'epsilon' ? 2e-3 : 2e-6, relative: 2e-6 });
  });

  it('learns what its teacher says where a step is short', () => {
    const [from, to] = [alphaBar(schedule, 500), alphaBar(schedule, 499)];
    const end = exactState(NOISE, from, to);
    const target = tidy(() =>
      longStepTarget(predictionType, tensor4d(NOISE, SHAPE), tensor4d(end, SHAPE), from, to).dataSync(),
    );
    expectClose(target, perfectOutput(schedule, DATA, NOISE, from), { absolute: 2e-3, relative: 2e-3 });
  });

  it('knows where a step of DDIM ends', () => {
    const sampler = createDdim(config, { numInferenceSteps: 4 });
    const [from, to] = [alphaBar(schedule, 749), alphaBar(schedule, 499)];
    const [led, own] = tidy(() => {
      const [xt, output] = [tensor4d(NOISE, SHAPE), tensor4d(normals(6, 0, 18), SHAPE)];
      const ends = [sampler.step(output, 1, xt).xt, longStepEnd(predictionType, xt, output, from, to)];
      return ends.map((end) => end.dataSync());
    });
    expectClose(own!, led!, { absolute: 5e-6, relative: 5e-6 });
  });

  it('has a teacher whose states are on the exact way', () => {
    const before = memory().numTensors;
    const predict = (x: Tensor4D, t: number) =>
      tensor4d(perfectOutput(schedule, DATA, x.dataSync<'float32'>(), alphaBar(schedule, t)), SHAPE);
    const start = tensor4d(NOISE, SHAPE);
    const sampler = createSampler('dpm++', config, { numInferenceSteps: 100 });
    const alphas = [999, 749, 499, 249].map((t) => alphaBar(schedule, t));
    const states = trajectory(sampler, predict, start, 4);
    expect(states.length).toBe(5);
    for (const [i, to] of [...alphas, 1].entries()) {
      expectClose(states[i]!.dataSync(), exactState(NOISE, alphas[0]!, to), { absolute: 4e-3, relative: 0 });
    }
    dispose([start, ...states]);
    expect(memory().numTensors).toBe(before);
  });
});

it('longStepTarget refuses a step that no output makes', () => {
  const xt = tensor4d(NOISE, SHAPE);
  expect(() => longStepTarget('epsilon', xt, xt, 0, 0.5)).toThrow(/no output of epsilon leads from alphaBar 0 to 0.5/);
  expect(() => longStepTarget('v_prediction', xt, xt, 0.5, 0.5)).toThrow(/the smaller one first/);
  xt.dispose();
});

it('trajectory refuses a sampler that adds noise, and parts that do not fit', () => {
  const { config } = scheduleOf('v_prediction');
  const start = tensor4d(NOISE, SHAPE);
  const predict = (x: Tensor4D) => x.clone();
  const noisy = createSampler('ddim', config, { numInferenceSteps: 4, eta: 1 });
  expect(() => trajectory(noisy, predict, start, 4)).toThrow(
    /4 steps of ddim in 4 parts; expected a multiple, and ddim without noise/,
  );
  expect(() => trajectory(createSampler('dpm++', config, { numInferenceSteps: 6 }), predict, start, 4)).toThrow(
    /6 steps/,
  );
  start.dispose();
});

it('guidedByEach guides each image as guidedPrediction does all', () => {
  const [cond, uncond] = [normals(6, 0, 18), normals(7, 0, 18)];
  const both = tidy(() => guidedByEach(tensor4d(cond, SHAPE), tensor4d(uncond, SHAPE), [3, 1]).dataSync());
  const expected = [3, 1].flatMap((guidanceScale, image) => {
    const part = (values: Float32Array) => values.slice(9 * image, 9 * image + 9);
    const model = (_: Tensor4D, __: ArrayLike<number>, classes: ArrayLike<number>) =>
      tensor4d(
        [...Array.from(classes).flatMap((label) => [...part(label === 0 ? cond : uncond)])],
        [classes.length, 3, 3, 1],
      );
    const guided = tidy(() =>
      guidedPrediction(model, tensor4d(part(cond), [1, 3, 3, 1]), 500, [0], 1, { guidanceScale }).dataSync(),
    );
    return [...guided];
  });
  expectClose(both, expected, { absolute: 1e-6, relative: 1e-6 });
});
