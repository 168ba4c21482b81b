import { type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, valuesOn } from '../../scripts/testing/backends.ts';
import type { Batch } from './batch.ts';
import { classificationLoss } from './batchLosses.ts';
import { crossEntropy } from './losses.ts';

const batchOf = (...labels: number[]): Batch => ({
  classLabels: { data: Int32Array.from(labels), shape: [labels.length] },
});

describeOnBackends((backend) => {
  /** The loss and the accuracy. */
  const judged = async (logits: () => Tensor2D, batch: Batch) => {
    const values = await valuesOn(backend, () => {
      const { loss, metrics } = classificationLoss(logits(), batch);
      return [loss, metrics.accuracy];
    });
    return values.map(({ values }) => values[0]!);
  };

  it('is the cross-entropy of the right labels, with the share of images that are recognised', async () => {
    const logits = draw(5, [2, 3], { std: 2 });
    const oneHot = [0, 1, 0, 0, 0, 1];
    const [expected] = await valuesOn(backend, () => [crossEntropy(toTensor(logits), tensor2d(oneHot, [2, 3]))]);
    expect((await judged(() => toTensor(logits), batchOf(1, 2)))[0]).toBeCloseTo(expected!.values[0]!, 6);
    const sure = () => tensor2d([0, 5, 1, 5, 0, 1], [2, 3]);
    expect((await judged(sure, batchOf(1, 2)))[1]).toBe(0.5);
  });

  it('has nothing to learn where there is one label', async () => {
    expect(await judged(() => tensor2d([3, -2], [2, 1]), batchOf(0, 0))).toEqual([0, 1]);
  });
});
