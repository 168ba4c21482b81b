import { dispose, memory, type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { normals } from '../core/random.ts';
import { tinyClassifierFiles, tinyModelFiles } from '../testing/tinyModel.ts';
import { createModel } from './model.ts';
import { createNoisyClassifier } from './noisyClassifier.ts';

const VAE_WEIGHTS = 'vae/diffusion_pytorch_model.safetensors';
const [ONE, OTHER] = ['1'.repeat(64), '2'.repeat(64)];

beforeAll(async () => {
  await selectBackend({ backend: 'wasm' });
});

/** Files with another entry of figment.model. */
function readerOf(vaeSha256: string | null) {
  const files = tinyClassifierFiles();
  const { figment } = files.index;
  return { ...files, index: { ...files.index, figment: { ...figment, model: { name: 'tiny', vaeSha256 } } } };
}

/** Whether a classifier takes a model. */
function check(files = tinyClassifierFiles(), modelFiles = tinyModelFiles()): () => void {
  return () => {
    const [classifier, model] = [createNoisyClassifier(files), createModel(modelFiles)];
    try {
      classifier.checkFits(model);
    } finally {
      classifier.dispose();
      model.dispose();
    }
  };
}

function withDigest(sha256: string) {
  const files = tinyModelFiles();
  files.index.figment.sha256 = { [VAE_WEIGHTS]: sha256 };
  return files;
}

describe('a noisy classifier', () => {
  it('gives probabilities that sum to 1, and gradients, and leaves nothing behind', async () => {
    const before = memory().numTensors;
    const classifier = createNoisyClassifier(tinyClassifierFiles());
    const xt: Tensor4D = tensor4d(normals(1, 0, 512), [2, 8, 8, 4]);
    const { numTensors } = memory();
    const logProbs = classifier.logProbs(xt, [3, 900]);
    const gradient = classifier.gradient(xt, [3, 900], [0, 1]);
    expect(memory().numTensors).toBe(numTensors + 2);
    expect(gradient.shape).toEqual(xt.shape);
    const values = await logProbs.data();
    expect(Math.exp(values[0]!) + Math.exp(values[1]!)).toBeCloseTo(1);
    expect(Math.exp(values[2]!) + Math.exp(values[3]!)).toBeCloseTo(1);
    dispose([xt, logProbs, gradient]);
    classifier.dispose();
    expect(memory().numTensors).toBe(before);
  });

  it('takes the model it was trained on, or one that does not tell', () => {
    const { numTensors } = memory();
    expect(check()).not.toThrow();
    expect(check(readerOf(ONE), withDigest(ONE))).not.toThrow();
    expect(check(readerOf(ONE))).not.toThrow();
    expect(check(readerOf(null), withDigest(ONE))).not.toThrow();
    expect(memory().numTensors).toBe(numTensors);
  });

  it('refuses other latents, and says how to get a classifier of them', () => {
    expect(check(readerOf(ONE), withDigest(OTHER))).toThrow(
      /generate: classifier tiny-hat was trained on the latents of tiny, and tiny has another auto-encoder; .*figment train classifier --model tiny/,
    );
    const wide = tinyClassifierFiles();
    expect(() => createNoisyClassifier({ ...wide, config: { ...wide.config, in_channels: 5 } })).toThrow(
      /tiny-hat: 1 tensor is wrongly shaped/,
    );
    const files = tinyModelFiles();
    const scheduler = { ...(files.schedulerConfig as object), beta_schedule: 'linear' };
    expect(check(undefined, { ...files, schedulerConfig: scheduler })).toThrow(/tiny has another noise schedule/);
  });

  it('refuses files that do not go together, and leaves nothing behind', () => {
    const { numTensors } = memory();
    const files = tinyClassifierFiles();
    const index = { ...files.index, labels: ['a', 'b', 'c'] };
    expect(() => createNoisyClassifier({ ...files, index })).toThrow(
      /3 labels, but num_labels is 2; expected one label for each output/,
    );
    const config = { ...files.config, norm_num_groups: 3 };
    expect(() => createNoisyClassifier({ ...files, config })).toThrow(/tiny-hat\/config.json: norm_num_groups 3/);
    expect(() => createNoisyClassifier({ ...files, weights: new Map() })).toThrow(/tensors are missing/);
    expect(memory().numTensors).toBe(numTensors);
  });
});
