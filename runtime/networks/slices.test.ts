import { add, memory, mul, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { runToEnd } from '../core/slices.ts';
import { type ForwardPass, inSlices, withLive } from './slices.ts';

beforeAll(async () => {
  await selectBackend({ backend: 'cpu' });
});

/** (x + 1) · 2, a pause, (…) · 3, and tensors that nobody needs; names its input too. */
function* part(x: Tensor): ForwardPass<Tensor> {
  const doubled = mul(add(x, 1), 2);
  yield [x, doubled];
  return mul(mul(doubled, 1), 3);
}

/** part(x) + part(x), keeping the first while the second runs. */
function* pass(x: Tensor): ForwardPass<Tensor> {
  const first = yield* part(x);
  yield [first];
  return add(first, yield* withLive(part(x), [first]));
}

describe('inSlices', () => {
  it('computes what the pass does at once', async () => {
    const x = tensor1d([1, 2]);
    const slices = inSlices(pass(x), [x]);
    let slice = slices.next();
    while (!slice.done) slice = slices.next();
    expect(Array.from(await slice.value.data())).toEqual([24, 36]);
    expect(Array.from(await runToEnd(pass(x)).data())).toEqual([24, 36]);
  });

  it('keeps, between slices, what the pass named and no more', () => {
    const x = tensor1d([1, 2]);
    const { numTensors } = memory();
    const slices = inSlices(pass(x), [x]);
    const held: number[] = [];
    for (let slice = slices.next(); ; slice = slices.next()) {
      held.push(memory().numTensors - numTensors);
      if (slice.done) break;
    }
    // doubled; first; first and doubled; the result
    expect(held).toEqual([1, 1, 2, 1]);
  });

  it.each([0, 1, 2, 3])('frees everything but the input when given up after %i slices', (count) => {
    const x = tensor1d([1, 2]);
    const { numTensors } = memory();
    const slices = inSlices(pass(x), [x]);
    for (let i = 0; i < count; i++) slices.next();
    slices.return(x);
    expect(memory().numTensors).toBe(numTensors);
    expect(x.isDisposed).toBe(false);
  });

  it('frees everything but the input when the pass throws', () => {
    const x = tensor1d([1, 2]);
    const { numTensors } = memory();
    const failing = function* (): ForwardPass<Tensor> {
      yield [yield* part(x)];
      add(x, 1);
      throw new Error('no');
    };
    const slices = inSlices(failing(), [x]);
    slices.next();
    slices.next();
    expect(() => slices.next()).toThrow('no');
    expect(memory().numTensors).toBe(numTensors);
    expect(slices.next().done).toBe(true);
  });

  it('leaves a result to the caller that was alive before', () => {
    const x = tensor1d([1, 2]);
    const early = function* (): ForwardPass<Tensor> {
      const result = add(x, 1);
      yield [result];
      return result;
    };
    const slices = inSlices(early(), [x]);
    slices.next();
    const { value } = slices.next();
    expect((value as Tensor).isDisposed).toBe(false);
  });
});
