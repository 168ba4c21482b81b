import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { normals } from '../core/random.ts';
import {
  assertGuidance,
  type GuidanceOptions,
  guidanceNorm,
  guidedPrediction,
  guidedPredictionInSlices,
} from './guidance.ts';
import { toEps } from './prediction.ts';
import type { PredictionType } from './schedulerConfig.ts';

const NULL_LABEL = 9;

interface Call {
  batch: number;
  t: number[];
  labels: number[];
}

/** A network whose output is xt · (label + 1), and a list of the calls it got. */
function recordingModel() {
  const calls: Call[] = [];
  const model = (xt: tf.Tensor4D, t: ArrayLike<number>, classLabels: ArrayLike<number>): tf.Tensor4D => {
    calls.push({ batch: xt.shape[0], t: Array.from(t), labels: Array.from(classLabels) });
    return tf.tidy(() => {
      const factors = Float32Array.from(classLabels, (label) => label + 1);
      return tf.mul<tf.Tensor4D>(xt, tf.tensor4d(factors, [factors.length, 1, 1, 1]));
    });
  };
  return { model, calls };
}

async function guide(options: GuidanceOptions, t = 500, labels = [0, 4]) {
  const { model, calls } = recordingModel();
  const xt = tf.tensor4d([1, 2, 3, 4], [2, 1, 2, 1]);
  const numTensors = tf.memory().numTensors;
  const output = guidedPrediction(model, xt, t, labels, NULL_LABEL, options);
  expect(tf.memory().numTensors).toBe(numTensors + 1);
  const values = Array.from(await output.data());
  tf.dispose([xt, output]);
  return { values, calls };
}

const single = (labels: number[]) => [{ batch: 2, t: [500, 500], labels }];

describe.each(['cpu', 'wasm'])('guidedPrediction on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it('extrapolates from the unconditional output, both halves in one pass', async () => {
    const { values, calls } = await guide({ guidanceScale: 3 });
    // factors: uncond 10; cond 1 and 5; guided 10 + 3 · (1 − 10) = −17 and 10 + 3 · (5 − 10) = −5
    expect(values).toEqual([-17, -34, -15, -20]);
    expect(calls).toEqual([{ batch: 4, t: [500, 500, 500, 500], labels: [0, 4, 9, 9] }]);
  });

  it.each([
    { name: 'scale 1', options: { guidanceScale: 1 }, labels: [0, 4], expected: [1, 2, 15, 20] },
    { name: 'the defaults', options: {}, labels: [0, 4], expected: [1, 2, 15, 20] },
    { name: 'undefined options', options: { guidanceScale: undefined }, labels: [0, 4], expected: [1, 2, 15, 20] },
    { name: 'scale 0', options: { guidanceScale: 0 }, labels: [9, 9], expected: [10, 20, 30, 40] },
  ])('runs one pass of B at $name', async ({ options, labels, expected }) => {
    const { values, calls } = await guide(options);
    expect(values).toEqual(expected);
    expect(calls).toEqual(single(labels));
  });

  it('runs one pass of B when no image has a class', async () => {
    const { values, calls } = await guide({ guidanceScale: 3 }, 500, [9, 9]);
    expect(values).toEqual([10, 20, 30, 40]);
    expect(calls).toEqual(single([9, 9]));
  });

  it('guides images that have a class beside those that have none', async () => {
    const { values, calls } = await guide({ guidanceScale: 3 }, 500, [0, 9]);
    expect(values).toEqual([-17, -34, 30, 40]); // 10 + 3 · (1 − 10) = −17; without a class, 10 + 3 · (10 − 10)
    expect(calls).toEqual([{ batch: 4, t: [500, 500, 500, 500], labels: [0, 9, 9, 9] }]);
  });

  it.each([
    { t: 199, isGuided: false },
    { t: 200, isGuided: true },
    { t: 700, isGuided: true },
    { t: 700.5, isGuided: false },
  ])('guides inside the interval alone: t = $t', async ({ t, isGuided }) => {
    const { calls } = await guide({ guidanceScale: 3, guidanceInterval: [200, 700] }, t);
    expect(calls[0]!.batch).toBe(isGuided ? 4 : 2);
    expect(calls[0]!.labels.slice(0, 2)).toEqual([0, 4]);
  });

  it.each([0, 0.7, 1])('rescales each image to the spread of its conditional output by %d', async (guidanceRescale) => {
    const xt = tf.tensor4d(normals(1, 0, 64), [2, 4, 4, 2]);
    const offsets = normals(1, 1, 128);
    // Not a multiple of xt, and different for each label, so that the two outputs are not parallel.
    const model = (x: tf.Tensor4D, _t: ArrayLike<number>, labels: ArrayLike<number>): tf.Tensor4D =>
      tf.tidy(() => {
        const rows = Array.from(labels, (label) => Array.from(offsets.slice(label * 12, label * 12 + 32)));
        return tf.add<tf.Tensor4D>(x, tf.tensor(rows.flat(), x.shape));
      });
    const run = async (options: GuidanceOptions) => {
      const output = guidedPrediction(model, xt, 500, [0, 4], 7, options);
      const values = (await output.data()) as Float32Array;
      output.dispose();
      return [values.slice(0, 32), values.slice(32)] as const;
    };
    const numTensors = tf.memory().numTensors;
    const cond = await run({ guidanceScale: 1 });
    const guided = await run({ guidanceScale: 4 });
    const result = await run({ guidanceScale: 4, guidanceRescale });
    expect(tf.memory().numTensors).toBe(numTensors);
    for (const image of [0, 1] as const) {
      const factor = (guidanceRescale * std(cond[image])) / std(guided[image]) + 1 - guidanceRescale;
      result[image].forEach((value, i) => {
        expect(value).toBeCloseTo(guided[image][i]! * factor, 4);
      });
    }
    xt.dispose();
  });

  it('stays finite when a prediction is constant', async () => {
    const xt = tf.zeros<tf.Rank.R4>([1, 2, 2, 1]);
    const { model } = recordingModel();
    const output = guidedPrediction(model, xt, 0, [1], NULL_LABEL, { guidanceScale: 3, guidanceRescale: 1 });
    expect(Array.from(await output.data())).toEqual([0, 0, 0, 0]);
    tf.dispose([xt, output]);
  });

  it('refuses labels that do not match the images', () => {
    const xt = tf.zeros<tf.Rank.R4>([2, 1, 1, 1]);
    const call = () => guidedPrediction(recordingModel().model, xt, 0, [1], NULL_LABEL);
    expect(call).toThrow(/1 class labels; expected one for each of the 2 images/);
    xt.dispose();
  });
});

describe('guidedPredictionInSlices', () => {
  /** The recording model with a pause in which it holds a tensor; it fails after that if told to. */
  function pausingModel(failure?: Error) {
    const { model } = recordingModel();
    return function* (...args: Parameters<typeof model>): Generator<void, tf.Tensor4D> {
      const held = tf.zeros([3]);
      try {
        yield;
        if (failure) throw failure;
        return model(...args);
      } finally {
        held.dispose();
      }
    };
  }

  const start = (xt: tf.Tensor4D, options: GuidanceOptions, failure?: Error) =>
    guidedPredictionInSlices(pausingModel(failure), xt, 500, [0, 4], NULL_LABEL, options);

  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it.each([0, 1, 3])('pauses as its model does, and computes the same at scale %d', async (guidanceScale) => {
    const options = { guidanceScale, guidanceRescale: 0.5 };
    const xt = tf.tensor4d([1, 2, 3, 4], [2, 1, 2, 1]);
    const { numTensors } = tf.memory();
    const slices = start(xt, options);
    expect(slices.next().done).toBe(false);
    const { done, value } = slices.next();
    expect(done).toBe(true);
    expect(tf.memory().numTensors).toBe(numTensors + 1);
    expect(Array.from(await (value as tf.Tensor4D).data())).toEqual((await guide(options)).values);
    tf.dispose([xt, value as tf.Tensor4D]);
  });

  it('leaves nothing but xt behind when it is given up or its model fails', () => {
    const xt = tf.tensor4d([1, 2, 3, 4], [2, 1, 2, 1]);
    const { numTensors } = tf.memory();
    const options = { guidanceScale: 3 };
    const givenUp = start(xt, options);
    givenUp.next();
    expect(tf.memory().numTensors).toBe(numTensors + 2);
    givenUp.return(xt);
    expect(tf.memory().numTensors).toBe(numTensors);
    const failing = start(xt, options, new Error('no'));
    failing.next();
    expect(() => failing.next()).toThrow('no');
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(xt.isDisposed).toBe(false);
    xt.dispose();
  });
});

describe('assertGuidance', () => {
  it.each<[GuidanceOptions, RegExp]>([
    [{ guidanceScale: Number.NaN }, /^generate: guidanceScale is NaN; expected 0 to 20/],
    [{ guidanceScale: -0.1 }, /guidanceScale is -0.1/],
    [{ guidanceScale: 20.1 }, /guidanceScale is 20.1/],
    [{ guidanceInterval: [700, 200] }, /guidanceInterval is \[700, 200\]; expected two training timesteps/],
    [{ guidanceInterval: [Number.NaN, 200] }, /guidanceInterval is \[NaN, 200\]/],
    [{ guidanceRescale: 1.1 }, /guidanceRescale is 1.1; expected 0 \(off\) to 1/],
    [{ guidanceRescale: Number.NaN }, /guidanceRescale is NaN/],
  ])('refuses %o', (options, message) => {
    expect(() => assertGuidance('generate', options)).toThrow(message);
    expect(() => assertGuidance('generate', options)).toThrow(RangeError);
  });

  it('accepts the ends of each range', () => {
    const ends = { guidanceScale: 20, guidanceInterval: [0, 0] as const, guidanceRescale: 1 };
    expect(() => assertGuidance('generate', ends)).not.toThrow();
    expect(() => assertGuidance('generate', { guidanceScale: 0, guidanceRescale: 0 })).not.toThrow();
  });
});

function std(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

const SHAPE: [number, number, number, number] = [2, 3, 4, 5];
const draw = (stream: number) => tf.tensor4d(normals(1, stream, 120), SHAPE);

/** By its definition: the root mean square, image by image, of the difference of the noises that outputs stand for. */
async function naive(
  type: PredictionType,
  guided: tf.Tensor4D,
  uncond: tf.Tensor4D,
  alphaBar: number,
): Promise<number[]> {
  const xt = draw(9); // whatever it is
  const eps = [guided, uncond].map((output) => toEps(type, output, xt, alphaBar));
  const [a, b] = (await Promise.all(eps.map((tensor) => tensor.data()))) as Float32Array[];
  tf.dispose([...eps, xt]);
  return [0, 1].map((image) => {
    let sum = 0;
    for (let i = 60 * image; i < 60 * (image + 1); i++) sum += (a![i]! - b![i]!) ** 2;
    return Math.sqrt(sum / 60);
  });
}

describe('guidanceNorm', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'cpu' });
  });

  it.each([
    ['epsilon', 0.3],
    ['epsilon', 0],
    ['v_prediction', 0.3],
    ['v_prediction', 0],
    ['v_prediction', 1],
    ['sample', 0.3],
    ['sample', 0],
  ] as const)('is the difference of the noises that a %s stands for, at alphaBar %f', async (type, alphaBar) => {
    const [guided, uncond] = [draw(1), draw(2)];
    const { numTensors } = tf.memory();
    const norm = guidanceNorm(type, guided, uncond, alphaBar);
    expect(tf.memory().numTensors).toBe(numTensors + 1);
    expect(norm.shape).toEqual([2]);
    const expected = await naive(type, guided, uncond, alphaBar);
    Array.from(await norm.data()).forEach((value, image) => {
      expect(value).toBeCloseTo(expected[image]!, 5);
    });
    tf.dispose([guided, uncond, norm]);
  });

  it('refuses a clean image where there is no noise', () => {
    const [guided, uncond] = [draw(1), draw(2)];
    expect(() => guidanceNorm('sample', guided, uncond, 1)).toThrow(/alphaBar is 1; expected below 1/);
    tf.dispose([guided, uncond]);
  });
});
