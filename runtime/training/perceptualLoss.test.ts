// An auto-encoder beside a classifier: how differently it sees what is decoded, and that nothing else learns from it.
import { mean, reverse, type Tensor4D, tile } from '@tensorflow/tfjs-core';
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
  styleDifference,
} from './perceptualLoss.ts';
import type { TrainingStep } from './trainer.ts';
import { vaeTrainer } from './trainVae.ts';

const CONFIG = tinyClassifierConfig();
const LEARNT = initialWeights(classifierShapes(CONFIG), 3);
const [IMAGES, DECODED] = [draw(5, [2, 8, 8, 4]), draw(6, [2, 8, 8, 4])];

const levelsOf = (images: Tensor4D) => seenLevels(CONFIG, uploadWeights(lossNetworkWeights(LEARNT)), images);
const difference = (x: Tensor4D, decoded: Tensor4D) => perceptualDifference(levelsOf(x), levelsOf(decoded));
const style = (x: Tensor4D, decoded: Tensor4D) => styleDifference(levelsOf(x), levelsOf(decoded));

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

/** Which features of an image vary together, by the definition: rows of an image's positions, columns of its features. */
function covariances({ shape, values }: Values, image: number): number[] {
  const [, height, width, channels] = shape as [number, number, number, number];
  const numPositions = height * width;
  const at = (position: number, c: number) => values[(image * numPositions + position) * channels + c]!;
  const positions = Array.from({ length: numPositions }, (_, position) => position);
  const means = Array.from(
    { length: channels },
    (_, c) => positions.reduce((sum, p) => sum + at(p, c), 0) / numPositions,
  );
  return Array.from({ length: channels ** 2 }, (_, i) => {
    const [a, b] = [Math.floor(i / channels), i % channels];
    return positions.reduce((sum, p) => sum + (at(p, a) - means[a]!) * (at(p, b) - means[b]!), 0) / numPositions;
  });
}

describeOnBackends((backend) => {
  it('knows grain by which features vary together, whatever is where', async () => {
    const seen = async (images: Values) =>
      valuesOn('cpu', () => classifierLevels(CONFIG, uploadWeights(LEARNT), toTensor<Tensor4D>(images)));
    const [target, given] = [await seen(IMAGES), await seen(DECODED)];
    const ofEach = target.flatMap((level, i) =>
      [0, 1].map((image) => {
        const [known, own] = [covariances(level, image), covariances(given[i]!, image)];
        return Math.hypot(...known.map((value, k) => value - own[k]!)) / Math.hypot(...known);
      }),
    );
    const [found] = await valuesOn(backend, () => [style(toTensor(IMAGES), toTensor(DECODED))]);
    expectClose(found!.values, [ofEach.reduce((sum, value) => sum + value) / ofEach.length], { relative: 1e-4 });
  });

  it('finds the same grain in levels that are turned round, and none where nothing varies', async () => {
    const [level, even] = [draw(7, [2, 4, 4, 6]), draw(8, [2, 1, 1, 6])];
    const [turned, none] = await valuesOn(backend, () => {
      const known = toTensor<Tensor4D>(level);
      const flat = tile(toTensor<Tensor4D>(even), [1, 4, 4, 1]);
      return [styleDifference([known], [reverse(known, [1, 2])]), styleDifference([known], [flat])];
    });
    expectClose(turned!.values, [0], { absolute: 1e-4 });
    expectClose(none!.values, [1], { relative: 1e-4 });
  });

  it('has the gradients of finite differences for grain, too', () =>
    checkGradients(backend, (x, decoded) => style(x as Tensor4D, decoded as Tensor4D), [IMAGES, DECODED]));
});

describe('an auto-encoder that a classifier looks at', () => {
  beforeAll(() => selectBackend({ backend: 'wasm' }));

  it('learns to be seen as its images are, and leaves the classifier as it is', async () => {
    const dataset = tinyDataset();
    const indices = Int32Array.from(dataset.classLabels.keys());
    const trained = async (lookedAt: { perceptualWeight?: number; styleWeight?: number }) => {
      const options = { ...TINY_VAE_OPTIONS, ...lookedAt, lossNetwork: CONFIG, klWeight: 0, learningRate: 5e-3 };
      const trainer = vaeTrainer(dataset, indices, tinyVaeConfig(), options, lossNetworkWeights(LEARNT));
      const steps = await runSteps(trainer);
      const { weights, m } = await trainer.state();
      await trainer.dispose();
      return { weights, moments: m, steps };
    };
    const [plain, looked] = [await trained({}), await trained({ perceptualWeight: 3 })];
    expect(Object.keys(plain.steps[0]!.metrics)).toEqual(['l1', 'kl']);
    const [first, last] = [looked.steps[0]!.metrics.perceptual!, looked.steps.at(-1)!.metrics.perceptual!];
    expect(last).toBeLessThan(0.8 * first);
    const [{ loss, metrics }] = (await trained({ styleWeight: 3 })).steps as [TrainingStep];
    expect(Object.keys(metrics)).toEqual(['l1', 'kl', 'style']);
    expectClose([loss], [plain.steps[0]!.loss + 3 * metrics.style!], { relative: 1e-5 });
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
