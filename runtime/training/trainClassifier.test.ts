import { memory, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends, draw, type Values, valuesOn } from '../../scripts/testing/backends.ts';
import { checkGradients } from '../testing/gradientCheck.ts';
import { expectClose } from '../testing/matchers.ts';
import { tinyDataset } from '../testing/tinyDataset.ts';
import { runSteps } from '../testing/tinyTraining.ts';
import { crossEntropy } from './losses.ts';
import { CLASSIFIER_DEFAULTS, classifierTrainer, defaultClassifierConfig } from './trainClassifier.ts';

const LOGITS = draw(5, [2, 3], { std: 2 });
const ONE_HOT = [0, 1, 0, 0, 0, 1];

const lossOf = (logits: Tensor2D) => crossEntropy(logits, tensor2d(ONE_HOT, [2, 3]));

/** −log softmax of the right class, in float64. */
function expectedLoss({ values }: Values): number {
  const rows = [values.subarray(0, 3), values.subarray(3, 6)];
  const losses = rows.map((row, i) => {
    const exps = Array.from(row, Math.exp);
    return -Math.log(exps[i === 0 ? 1 : 2]! / exps.reduce((a, b) => a + b, 0));
  });
  return (losses[0]! + losses[1]!) / 2;
}

/** The first backend's losses, which the others must meet. */
let reference: number[] | null = null;

describeOnBackends((backend) => {
  it('computes the cross-entropy of any logits', async () => {
    const [loss] = await valuesOn(backend, () => [lossOf(tensor2d(LOGITS.values, [2, 3]))]);
    expect(loss!.values[0]).toBeCloseTo(expectedLoss(LOGITS), 5);
    const [large] = await valuesOn(backend, () => [lossOf(tensor2d([1e4, 0, -1e4, 0, 0, 1e4], [2, 3]))]);
    expect(large!.values[0]).toBeCloseTo(5000, 2);
  });

  it('has the right gradient of the cross-entropy', async () => {
    await checkGradients(backend, (logits) => lossOf(logits as Tensor2D), [LOGITS]);
  });

  it('learns to tell shapes apart, with the losses of the other backends', async () => {
    const dataset = tinyDataset({ perClass: 8 });
    const before = memory().numTensors;
    const options = {
      ...CLASSIFIER_DEFAULTS,
      batchSize: 12,
      microBatchSize: 6,
      numWarmupSteps: 2,
      learningRate: 1e-2,
      numSteps: 15,
    };
    const config = { ...defaultClassifierConfig(dataset), block_out_channels: [16, 16] };
    const trainer = classifierTrainer(dataset, Int32Array.from(dataset.classLabels.keys()), config, options);
    const steps = await runSteps(trainer, backend === 'webgpu' ? 3 : 15); // a software GPU takes its time
    await trainer.dispose();
    const losses = steps.map(({ loss }) => loss);
    reference ??= losses;
    expectClose(losses, reference.slice(0, losses.length), { absolute: 5e-3, relative: 0 }, `losses on ${backend}`);
    expect(memory().numTensors).toBe(before);
    if (backend === 'webgpu') return;
    expect(steps).toHaveLength(15);
    expect(losses[0]).toBeGreaterThan(0.7);
    for (const { loss, metrics } of steps.slice(-3)) {
      expect(loss).toBeLessThan(0.45);
      expect(metrics.accuracy).toBeGreaterThan(0.9);
    }
  });
});
