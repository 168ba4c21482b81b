import { dispose, memory, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, valuesOn } from '../../scripts/testing/backends.ts';
import { expectClose } from '../testing/matchers.ts';
import { randomWeights } from '../testing/tinyNetworks.ts';
import {
  classifyNoisy,
  type NoisyClassifierConfig,
  noisyClassifierShapes,
  parseNoisyClassifierConfig,
} from './noisyClassifier.ts';
import { logProbGradient } from './noisyGradient.ts';
import { uploadWeights } from './uploadWeights.ts';

const CONFIG: NoisyClassifierConfig = {
  in_channels: 3,
  num_labels: 3,
  block_out_channels: [8, 16],
  time_embedding_dim: 16,
  norm_num_groups: 4,
  norm_eps: 1e-5,
  circular_padding: false,
};
const WEIGHTS = randomWeights(noisyClassifierShapes(CONFIG), 5);
const LATENTS = draw(3, [2, 4, 6, 3]);
const TIMES = [40, 700.5];
const LABELS = [2, 0];

/** Runs with the weights on the current backend. */
function withWeights<T extends Tensor>(run: (weights: Record<string, Tensor>) => T, config = CONFIG): T {
  const weights = uploadWeights(config === CONFIG ? WEIGHTS : randomWeights(noisyClassifierShapes(config), 5));
  const result = run(weights);
  dispose(Object.values(weights));
  return result;
}

const logitsOf = (values = LATENTS, t = TIMES) =>
  withWeights((weights) => classifyNoisy(CONFIG, weights, toTensor<Tensor4D>(values), t));

const gradientOf = (labels = LABELS, config = CONFIG) =>
  withWeights((weights) => logProbGradient(config, weights, toTensor<Tensor4D>(LATENTS), TIMES, labels), config);

/** Σ log p(label), in float64, from the logits on cpu. */
async function sumLogProb(values: typeof LATENTS): Promise<number> {
  const [logits] = await valuesOn('cpu', () => [logitsOf(values)]);
  return LABELS.reduce((total, label, i) => {
    const row = Array.from(logits!.values.subarray(3 * i, 3 * i + 3));
    return total + row[label]! - Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
  }, 0);
}

describeOnBackends((backend) => {
  it('tells labels from latents and the timestep, as on cpu', async () => {
    const [logits] = await valuesOn(backend, () => [logitsOf()]);
    const [expected] = await valuesOn('cpu', () => [logitsOf()]);
    expect(logits!.shape).toEqual([2, 3]);
    expectClose(logits!.values, expected!.values, { relative: 1e-4 });
    const [later] = await valuesOn(backend, () => [logitsOf(LATENTS, [900, 700.5])]);
    expectClose(later!.values.subarray(3), logits!.values.subarray(3), { relative: 1e-4 });
    expect(Math.abs(later!.values[0]! - logits!.values[0]!)).toBeGreaterThan(1e-2);
  });

  it('has the gradient of its log-probability', async () => {
    const [gradient] = await valuesOn(backend, () => [gradientOf()]);
    expect(gradient!.shape).toEqual(LATENTS.shape);
    if (backend !== 'cpu') {
      const [expected] = await valuesOn('cpu', () => [gradientOf()]);
      return expectClose(gradient!.values, expected!.values, { relative: 1e-4 });
    }
    const step = 0.02;
    const slopes: number[] = [];
    const elements = Array.from(LATENTS.values.keys()).filter((element) => element % 7 === 0);
    for (const element of elements) {
      const at = (distance: number) => {
        const values = LATENTS.values.slice();
        values[element]! += distance;
        return sumLogProb({ ...LATENTS, values });
      };
      slopes.push(
        (8 * ((await at(step)) - (await at(-step))) - ((await at(2 * step)) - (await at(-2 * step)))) / (12 * step),
      );
    }
    expectClose(
      elements.map((element) => gradient!.values[element]!),
      slopes,
      { absolute: 1e-4, relative: 5e-4 },
    );
  });
});

describe('logProbGradient', () => {
  it('sums to zero over the labels, weighted by their probabilities', async () => {
    const [logits, ...gradients] = await valuesOn('cpu', () => [
      logitsOf(),
      ...[0, 1, 2].map((label) => gradientOf([label, label])),
    ]);
    const exps = logits!.values.map(Math.exp);
    const size = LATENTS.values.length / 2;
    const sums = LATENTS.values.map((_, i) => {
      const row = exps.subarray(3 * Math.floor(i / size), 3 * Math.floor(i / size) + 3);
      return (
        gradients.reduce((sum, { values }, label) => sum + row[label]! * values[i]!, 0) / row.reduce((a, b) => a + b)
      );
    });
    expectClose(sums, new Float32Array(sums.length), { absolute: 1e-5 });
  });

  it('wraps around the borders where the model does', async () => {
    const circular = { ...CONFIG, circular_padding: true };
    const [plain, wrapped] = await valuesOn('cpu', () => [gradientOf(), gradientOf(LABELS, circular)]);
    expect(Math.max(...plain!.values.map((value, i) => Math.abs(value - wrapped!.values[i]!)))).toBeGreaterThan(1e-3);
  });
});

it('refuses a config that it cannot compute', () => {
  expect(parseNoisyClassifierConfig(CONFIG, 'c.json')).toEqual(CONFIG);
  expect(() => parseNoisyClassifierConfig({ ...CONFIG, norm_num_groups: 3 }, 'c.json')).toThrow(
    'c.json: norm_num_groups 3 does not divide 8 channels',
  );
  expect(() => parseNoisyClassifierConfig({ ...CONFIG, dropout: 0.1 }, 'c.json')).toThrow('dropout is not supported');
});

it('refuses latents of another kind, and leaves nothing behind', () => {
  const weights = uploadWeights(WEIGHTS);
  const [wide, plain] = [toTensor<Tensor4D>(draw(1, [2, 4, 4, 5])), toTensor<Tensor4D>(LATENTS)];
  const { numTensors } = memory();
  expect(() => classifyNoisy(CONFIG, weights, wide, TIMES)).toThrow('the latents have 5 channels; expected 3');
  expect(() => logProbGradient(CONFIG, weights, plain, [1], LABELS)).toThrow(
    '2 images and 1 timesteps; expected one timestep for each image',
  );
  expect(memory().numTensors).toBe(numTensors);
  dispose([wide, plain, ...Object.values(weights)]);
});
