// An auto-encoder beside a classifier: how differently it sees what is decoded, and that nothing else learns from it.
import { mean, type Tensor4D } from '@tensorflow/tfjs-core';
import '#stock-gradients';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, type Values, valuesOn } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { classifierLevels, classifierShapes, classify } from '../networks/classifier.ts';
import { initialWeights } from '../networks/initialWeights.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import { checkGradients } from '../testing/gradientCheck.ts';
import { expectClose } from '../testing/matchers.ts';
import { tinyDataset } from '../testing/tinyDataset.ts';
import { tinyClassifierConfig, tinyVaeConfig } from '../testing/tinyNetworks.ts';
import { runSteps, TINY_VAE_OPTIONS } from '../testing/tinyTraining.ts';
import {
  isOfLossNetwork,
  lossNetworkShapes,
  lossNetworkWeights,
  perceptualDifference,
  seenLevels,
} from './perceptualLoss.ts';
import { vaeTrainer } from './trainVae.ts';

const CONFIG = tinyClassifierConfig();
const LEARNT = initialWeights(classifierShapes(CONFIG), 3);
const [IMAGES, DECODED] = [draw(5, [2, 8, 8, 4]), draw(6, [2, 8, 8, 4])];

const levelsOf = (images: Tensor4D) => seenLevels(CONFIG, uploadWeights(lossNetworkWeights(LEARNT)), images);
const difference = (x: Tensor4D, decoded: Tensor4D) => perceptualDifference(levelsOf(x), levelsOf(decoded));

describeOnBackends((backend) => {
  it('is the mean squared difference of what each level sees, averaged over the levels', async () => {
    const seen = async (images: Values) =>
      valuesOn('cpu', () => classifierLevels(CONFIG, uploadWeights(LEARNT), toTensor<Tensor4D>(images)));
    const [target, given] = [await seen(IMAGES), await seen(DECODED)];
    expect(target.map(({ shape }) => shape)).toEqual([
      [2, 4, 4, 8],
      [2, 2, 2, 16],
    ]);
    const ofLevels = target.map(({ values }, i) => {
      const squares = Array.from(values, (value, k) => (value - given[i]!.values[k]!) ** 2);
      return squares.reduce((sum, each) => sum + each, 0) / squares.length;
    });
    const [own, none] = await valuesOn(backend, () => [
      difference(toTensor<Tensor4D>(IMAGES), toTensor<Tensor4D>(DECODED)),
      difference(toTensor<Tensor4D>(IMAGES), toTensor<Tensor4D>(IMAGES)),
    ]);
    expectClose(own!.values, [(ofLevels[0]! + ofLevels[1]!) / 2], { relative: 1e-4 });
    expect([...none!.values]).toEqual([0]);
  });

  it('has the gradients of finite differences', () =>
    checkGradients(backend, (x, decoded) => difference(x as Tensor4D, decoded as Tensor4D), [IMAGES, DECODED]));
});

describe('an auto-encoder that a classifier looks at', () => {
  beforeAll(() => selectBackend({ backend: 'wasm' }));

  it('learns to be seen as its images are, and leaves the classifier as it is', async () => {
    const dataset = tinyDataset();
    const indices = Int32Array.from(dataset.classLabels.keys());
    const trained = async (perceptualWeight: number) => {
      const options = { ...TINY_VAE_OPTIONS, perceptualWeight, lossNetwork: CONFIG, klWeight: 0, learningRate: 5e-3 };
      const trainer = vaeTrainer(dataset, indices, tinyVaeConfig(), options, lossNetworkWeights(LEARNT));
      const steps = await runSteps(trainer);
      const { weights, m } = await trainer.state();
      await trainer.dispose();
      return { weights, moments: m, steps };
    };
    const [plain, looked] = [await trained(0), await trained(3)];
    expect(Object.keys(plain.steps[0]!.metrics)).toEqual(['l1', 'kl']);
    const [first, last] = [looked.steps[0]!.metrics.perceptual!, looked.steps.at(-1)!.metrics.perceptual!];
    expect(last).toBeLessThan(0.8 * first);
    const own = [...looked.weights].filter(([name]) => isOfLossNetwork(name));
    expect(new Set(own.map(([name]) => name))).toEqual(new Set(lossNetworkShapes(CONFIG).keys()));
    for (const [name, { data }] of own) expect(data).toEqual(LEARNT.get(name.replace('loss_network.', ''))!.data);
    expect([...looked.moments.keys()].some(isOfLossNetwork)).toBe(false);
  });
});

it('sees in its last level what it reads labels from', async () => {
  const [pooled, features] = await valuesOn('cpu', () => {
    const weights = uploadWeights(LEARNT);
    const x = toTensor<Tensor4D>(IMAGES);
    return [mean(classifierLevels(CONFIG, weights, x).at(-1)!, [1, 2]), classify(CONFIG, weights, x).features];
  });
  expectClose(pooled!.values, features!.values, { absolute: 1e-6 });
});
