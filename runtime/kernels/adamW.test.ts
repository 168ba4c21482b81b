import { zeros } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { describeOnBackends, draw, toTensor, type Values, valuesOn } from '../../scripts/testing/backends.ts';
import type { BackendName } from '../backends/selectBackend.ts';
import { expectClose } from '../testing/matchers.ts';
import { ADAM_W_DEFAULTS, type AdamWAttrs, type AdamWState, adamW } from './adamW.ts';

const SHAPES = [[3, 3, 5, 7], [64, 32], [1]];
const NUM_STEPS = 5;

function attrsAt(step: number): AdamWAttrs {
  return { ...ADAM_W_DEFAULTS, learningRate: 0.01, weightDecay: 0.1, step, gradScale: step === 3 ? 0.25 : 1 };
}

const gradAt = (shape: number[], step: number): Values => draw(100 + step, shape, { std: 0.3 });

/** The algorithm of the paper, line by line, in double precision. */
function expectedAfter(shape: number[], numSteps: number): [theta: number[], m: number[], v: number[]] {
  const theta = Array.from(draw(1, shape).values);
  const [m, v] = [theta.map(() => 0), theta.map(() => 0)];
  for (let step = 1; step <= numSteps; step++) {
    const { learningRate, beta1, beta2, epsilon, weightDecay, gradScale } = attrsAt(step);
    gradAt(shape, step).values.forEach((grad, i) => {
      const g = grad * gradScale;
      m[i] = beta1 * m[i]! + (1 - beta1) * g;
      v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
      const [mHat, vHat] = [m[i]! / (1 - beta1 ** step), v[i]! / (1 - beta2 ** step)];
      theta[i]! -= learningRate * (mHat / (Math.sqrt(vHat) + epsilon) + weightDecay * theta[i]!);
    });
  }
  return [theta, m, v];
}

function stateAfter(backend: BackendName, shape: number[]): Promise<Values[]> {
  return valuesOn(backend, () => {
    let state: AdamWState = { param: toTensor(draw(1, shape)), m: zeros(shape), v: zeros(shape) };
    for (let step = 1; step <= NUM_STEPS; step++) state = adamW(state, toTensor(gradAt(shape, step)), attrsAt(step));
    return [state.param, state.m, state.v];
  });
}

describeOnBackends((backend) => {
  test.each(SHAPES)('five steps of adamW on (%i, …) follow the algorithm', async (...shape) => {
    const actual = await stateAfter(backend, shape);
    const expected = expectedAfter(shape, NUM_STEPS);
    for (const [i, name] of ['param', 'm', 'v'].entries()) {
      expect(actual[i]!.shape).toEqual(shape);
      expectClose(actual[i]!.values, expected[i]!, { absolute: 1e-9, relative: 2e-6 }, name);
    }
  });

  test('the first moments of adamW are (1 − β) g and (1 − β) g² to the last digits where β is close to 1', async () => {
    const grad = draw(7, [40]);
    const [beta1, beta2] = [0.9999, 0.99999];
    const [, m, v] = await valuesOn(backend, () => {
      const state = { param: zeros([40]), m: zeros([40]), v: zeros([40]) };
      const { param, m, v } = adamW(state, toTensor(grad), { ...attrsAt(1), beta1, beta2 });
      return [param, m, v];
    });
    const expected = (gain: number, power: number) => Array.from(grad.values, (g) => gain * g ** power);
    expectClose(m!.values, expected(1 - beta1, 1), { absolute: 0, relative: 1e-6 }, 'm');
    expectClose(v!.values, expected(1 - beta2, 2), { absolute: 0, relative: 1e-6 }, 'v');
  });
});
