import { memory, scalar, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { expectClose } from '../testing/matchers.ts';
import { updateEma } from './ema.ts';

beforeAll(async () => {
  await selectBackend({ backend: 'cpu' });
});

describe('updateEma', () => {
  it('is the weighted sum of all weights so far, and frees the old tensors', async () => {
    const ema: Record<string, Tensor> = { w: scalar(5) };
    let expected = 5;
    const before = memory().numTensors;
    for (let step = 1; step <= 40; step++) {
      const weights = { w: scalar(Math.sin(step)) };
      updateEma(ema, weights, 0.7, step);
      weights.w.dispose();
      const decay = Math.min(0.7, (1 + step) / (10 + step));
      expected = decay * expected + (1 - decay) * Math.sin(step);
    }
    expect(memory().numTensors).toBe(before);
    expectClose(await ema.w!.data(), [expected]);
  });

  it('lets the first steps through', async () => {
    const ema: Record<string, Tensor> = { w: tensor1d([0, 0]) };
    updateEma(ema, { w: tensor1d([11, -11]) }, 0.999, 1);
    expectClose(await ema.w!.data(), [9, -9]);
  });

  it('leaves alone what it is given no weight for', async () => {
    const frozen = scalar(0.1);
    const ema: Record<string, Tensor> = { frozen, w: scalar(1) };
    updateEma(ema, { w: scalar(2) }, 0.9, 1);
    expect(ema.frozen).toBe(frozen);
    expect(frozen.isDisposed).toBe(false);
  });
});
