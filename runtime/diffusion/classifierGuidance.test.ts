import { dispose, memory, tensor2d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { normals } from '../core/random.ts';
import { perfectOutput } from '../testing/gaussianData.ts';
import { expectClose } from '../testing/matchers.ts';
import { classifierGuided, isClassifierGuided, MIN_GUIDED_ALPHA_BAR } from './classifierGuidance.ts';
import { toX0Eps } from './prediction.ts';
import { createSchedule } from './schedule.ts';
import { type PredictionType, parseSchedulerConfig } from './schedulerConfig.ts';

const TYPES: PredictionType[] = ['epsilon', 'v_prediction', 'sample'];
const COUNT = 60;

const scheduleOf = (prediction_type: PredictionType) =>
  createSchedule(
    parseSchedulerConfig(
      { _class_name: 'DDIMScheduler', beta_schedule: 'squaredcos_cap_v2', prediction_type },
      's.json',
    ),
  );

/** Two classes, x0 ~ N(±mean, std²), as many of each: p(label | xt) is the logistic function of a multiple of xt. */
const HIGH = { mean: 1.5, std: 0.4 };
const LOW = { mean: -1.5, std: 0.4 };

function twoClasses(type: PredictionType, xt: Float32Array, alphaBar: number) {
  const variance = alphaBar * HIGH.std ** 2 + 1 - alphaBar;
  const slope = (2 * Math.sqrt(alphaBar) * HIGH.mean) / variance;
  const pHigh = xt.map((value) => 1 / (1 + Math.exp(-slope * value)));
  const schedule = scheduleOf(type);
  const [high, low] = [perfectOutput(schedule, HIGH, xt, alphaBar), perfectOutput(schedule, LOW, xt, alphaBar)];
  return {
    high,
    /** What a perfect network without classes says: E[output | xt]. */
    uncond: xt.map((_, i) => pHigh[i]! * high[i]! + (1 - pHigh[i]!) * low[i]!),
    /** ∇ log p(high | xt). */
    gradient: pHigh.map((p) => (1 - p) * slope),
  };
}

async function guided(type: PredictionType, output: Float32Array, gradient: Float32Array, alphaBar: number, scale = 1) {
  const tensors = [tensor2d(output, [2, COUNT / 2]), tensor2d(gradient, [2, COUNT / 2])] as const;
  const { numTensors } = memory();
  const result = classifierGuided(type, ...tensors, alphaBar, scale);
  expect(memory().numTensors).toBe(numTensors + 1);
  const values = (await result.data()) as Float32Array;
  dispose([...tensors, result]);
  return values;
}

describe('classifierGuided', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'cpu' });
  });

  describe.each(TYPES)('of %s', (type) => {
    it.each([MIN_GUIDED_ALPHA_BAR, 0.1, 0.5, 0.97])(
      'makes a network without classes the network of one, by a perfect classifier: alphaBar %f',
      async (alphaBar) => {
        const xt = normals(4, 0, COUNT);
        const { high, uncond, gradient } = twoClasses(type, xt, alphaBar);
        expectClose(await guided(type, uncond, gradient, alphaBar), high, { absolute: 1e-5, relative: 1e-5 });
        expect(Math.max(...high.map((value, i) => Math.abs(value - uncond[i]!)))).toBeGreaterThan(0.1);
      },
    );

    it('moves eps by the noise share of the gradient, times the scale', async () => {
      const [xt, output, gradient] = [0, 1, 2].map((stream) => normals(4, stream, COUNT)) as [
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      const epsOf = (values: Float32Array) => {
        const tensors = [tensor2d(values, [2, COUNT / 2]), tensor2d(xt, [2, COUNT / 2])] as const;
        const { x0, eps } = toX0Eps(type, ...tensors, 0.3);
        const result = eps.dataSync() as Float32Array;
        dispose([...tensors, x0, eps]);
        return result;
      };
      const before = epsOf(output);
      const after = epsOf(await guided(type, output, gradient, 0.3, -2.5));
      const expected = before.map((eps, i) => eps + Math.sqrt(0.7) * 2.5 * gradient[i]!);
      expectClose(after, expected, { absolute: 1e-5, relative: 1e-5 });
      expect(await guided(type, output, gradient, 0.3, 0)).toEqual(output);
    });

    it('refuses where hardly any signal is left', async () => {
      const zeros = new Float32Array(COUNT);
      expect(isClassifierGuided(0.0099)).toBe(false);
      expect(isClassifierGuided(MIN_GUIDED_ALPHA_BAR)).toBe(true);
      await expect(guided(type, zeros, zeros, 0.0099)).rejects.toThrow(/alphaBar is 0.0099; expected 0.01 or more/);
    });
  });

  it('at its bound magnifies the gradient tenfold, at the first timestep it would 20,000 times', () => {
    const { alphasCumprod } = scheduleOf('v_prediction');
    const x0PerGradient = (alphaBar: number) => (1 - alphaBar) / Math.sqrt(alphaBar);
    expect(x0PerGradient(MIN_GUIDED_ALPHA_BAR)).toBeCloseTo(9.9);
    expect(x0PerGradient(alphasCumprod[999]!)).toBeGreaterThan(19_000);
  });
});
