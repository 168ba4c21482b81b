import { dispose, memory, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { enableRelaxedSimd } from '../../scripts/node/nodeRuntime.ts';
import { draw } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { integers } from '../core/random.ts';
import { encode } from '../networks/autoencoderKl.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import { expectClose } from '../testing/matchers.ts';
import { tinyAttributes, tinyDataset } from '../testing/tinyDataset.ts';
import { randomWeights, tinyCvaeConfig, tinyUNetConfig, tinyVaeConfig } from '../testing/tinyNetworks.ts';
import { TINY_DIFFUSION_OPTIONS } from '../testing/tinyTraining.ts';
import { type Batch, batchTensor, splitBatch } from './batch.ts';
import { gradientsOf, localGradients } from './gradients.ts';
import { createTask, type TaskSpec } from './task.ts';
import {
  CLASSIFIER_DEFAULTS,
  classifierBatch,
  classifierTaskSpec,
  defaultClassifierConfig,
} from './trainClassifier.ts';
import { trainingScheduler } from './trainDiffusion.ts';

const input = (seed: number, shape: number[]) => ({ shape, data: draw(seed, shape).values });

const vae: TaskSpec & { kind: 'vae' } = {
  kind: 'vae',
  config: tinyVaeConfig({ use_quant_conv: true, use_post_quant_conv: true, mid_block_add_attention: true }),
  circular: false,
  reconstruction: 'l2', // smooth, so that finite differences converge
  klWeight: 0.1,
  l2Weight: 0,
  gradientWeight: 0,
  freezeEncoder: false,
};
const ddpm: TaskSpec = {
  kind: 'ddpm',
  config: tinyUNetConfig(),
  circular: false,
  scheduler: trainingScheduler(TINY_DIFFUSION_OPTIONS),
  minSnrGamma: 5,
};
const cvae: TaskSpec & { kind: 'cvae' } = {
  kind: 'cvae',
  config: tinyCvaeConfig(),
  reconstruction: 'l2',
  reconstructionScale: 0.8,
  gradientWeight: 0,
  rareColourWeight: 0,
  perceptualWeight: 0,
  lossNetwork: null,
};
const vaeBatch = (length: number): Batch => ({ x: input(1, [length, 4, 4, 4]), eps: input(2, [length, 2, 2, 4]) });
const ddpmBatch = (length: number): Batch => ({
  x0: input(3, [length, 4, 4, 4]),
  eps: input(4, [length, 4, 4, 4]),
  t: { shape: [length], data: integers(5, 0, length, 1000) },
  classLabels: { shape: [length], data: integers(6, 0, length, 4) },
});

const cvaeBatch = (length: number): Batch => ({
  x: input(7, [length, 8, 8, 4]),
  eps: input(8, [length, 6]),
  classLabels: { shape: [length], data: integers(9, 0, length, 3) },
  klWeight: { shape: [length], data: new Float32Array(length).fill(0.7) },
});

/** Pictures of which some attributes are not known. */
const partlyKnown = { ...tinyDataset(), attributes: tinyAttributes() };
const classifierConfig = { ...defaultClassifierConfig(partlyKnown), block_out_channels: [8, 16] };
const classifier = classifierTaskSpec(classifierConfig);
const picturesBatch = (length: number): Batch => {
  const indices = Int32Array.from(partlyKnown.classLabels.keys());
  return classifierBatch(partlyKnown, indices, { ...CLASSIFIER_DEFAULTS, batchSize: length }, 0);
};

const NUM_WEIGHTS = 8;
const STEP = 0.01;

describe('gradientsOf, against finite differences', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'cpu' });
  });

  it.each([
    { name: 'VAE', spec: vae, batch: vaeBatch(2) },
    { name: 'VAE, circular', spec: { ...vae, circular: true }, batch: vaeBatch(2) },
    { name: 'one-step VAE', spec: cvae, batch: cvaeBatch(2) },
    { name: 'U-Net', spec: ddpm, batch: ddpmBatch(2) },
  ])('$name', async ({ spec, batch }) => {
    const task = createTask(spec);
    const values = randomWeights(task.shapes);
    const lossWith = async (name: string, element: number, distance: number) => {
      const { shape, data } = values.get(name)!;
      const moved = data.slice();
      moved[element]! += distance;
      const weights = uploadWeights(new Map(values).set(name, { shape, data: moved }));
      const { loss, metrics } = task.loss(weights, batch);
      const [value] = await loss.data();
      dispose([loss, ...Object.values(metrics), ...Object.values(weights)]);
      return value!;
    };
    const weights = uploadWeights(values);
    const { grads } = await gradientsOf(task, weights, batch);
    const names = [...values.keys()];
    const chosen = integers(7, 0, NUM_WEIGHTS, names.length);
    for (const [i, which] of chosen.entries()) {
      // One value a tensor, which no layout moves elsewhere: of a bias any, of a matrix the first.
      const name = names[which]!;
      const grad = await grads[name]!.data();
      const element = values.get(name)!.shape.length === 1 ? integers(8, i, 1, grad.length)[0]! : 0;
      const at = (distance: number) => lossWith(name, element, distance);
      const slope =
        (8 * ((await at(STEP)) - (await at(-STEP))) - ((await at(2 * STEP)) - (await at(-2 * STEP)))) / (12 * STEP);
      expectClose([grad[element]!], [slope], { absolute: 2e-4, relative: 5e-3 }, `${name}[${element}]`);
    }
    dispose([...Object.values(weights), ...Object.values(grads)]);
  });
});

describe('gradients on wasm', () => {
  beforeAll(async () => {
    enableRelaxedSimd();
    await selectBackend({ backend: 'wasm' });
  });

  it.each([
    { name: 'VAE', spec: vae, batch: vaeBatch(5) },
    { name: 'one-step VAE', spec: cvae, batch: cvaeBatch(5) },
    { name: 'U-Net', spec: ddpm, batch: ddpmBatch(5) },
    { name: 'classifier', spec: classifier, batch: picturesBatch(9) },
  ])('gives one loss and gradient whatever the micro-batches, $name', async ({ spec, batch }) => {
    const task = createTask(spec);
    const weights = uploadWeights(randomWeights(task.shapes));
    const before = memory().numTensors;
    const whole = await gradientsOf(task, weights, batch);
    const split = await localGradients(task).gradients(weights, splitBatch(batch, 2));
    expectClose([split.loss], [whole.loss], { relative: 2e-5 });
    for (const [name, value] of Object.entries(whole.metrics)) expectClose([split.metrics[name]!], [value]);
    for (const [name, grad] of Object.entries(whole.grads)) {
      const tolerance = { absolute: 2e-5, relative: 1e-4 };
      expectClose(await split.grads[name]!.data(), await grad.data(), tolerance, name);
    }
    dispose([...Object.values(whole.grads), ...Object.values(split.grads)]);
    expect(memory().numTensors).toBe(before);
    dispose(Object.values(weights));
  });

  it('leaves nothing behind when a micro-batch fails', async () => {
    const task = createTask(vae);
    const weights = uploadWeights(randomWeights(task.shapes));
    const [good, bad] = splitBatch(vaeBatch(4), 2) as [Batch, Batch];
    const { eps: _, ...broken } = bad;
    const before = memory().numTensors;
    await expect(localGradients(task).gradients(weights, [good, broken])).rejects.toThrow(/no eps/);
    expect(memory().numTensors).toBe(before);
    dispose(Object.values(weights));
  });

  it('trains the decoder alone when the encoder is frozen, without the divergence in the loss', async () => {
    const task = createTask({ ...vae, freezeEncoder: true });
    const weights = uploadWeights(randomWeights(task.shapes));
    const { grads, loss, metrics } = await gradientsOf(task, weights, vaeBatch(2));
    expect(Object.keys(grads).some((name) => /^(encoder|quant_conv)\./.test(name))).toBe(false);
    expect(Object.keys(grads)).toContain('decoder.conv_in.weight');
    expectClose([loss], [metrics.l2!]);
    dispose([...Object.values(grads), ...Object.values(weights)] as Tensor[]);
  });

  it('disturbs the latents that the decoder sees, and not what the divergence is of', async () => {
    const task = createTask(vae);
    const weights = uploadWeights(randomWeights(task.shapes));
    const batch = vaeBatch(2);
    const noise = input(10, batch.eps!.shape);
    const { logVar } = encode(vae.config, weights, batchTensor<Tensor4D>(batch, 'x'));
    const std = (await logVar.data()).map((value) => Math.exp(value / 2));
    const eps = { ...batch.eps!, data: batch.eps!.data.map((value, i) => value + noise.data[i]! / std[i]!) };
    const [plain, given, expected] = [
      await gradientsOf(task, weights, batch),
      await gradientsOf(task, weights, { ...batch, latentNoise: noise }),
      await gradientsOf(task, weights, { ...batch, eps }), // the same latents, by the posterior's own noise
    ];
    expectClose([given.loss, given.metrics.kl!], [expected.loss, expected.metrics.kl!]);
    expect(Math.abs(given.loss - plain.loss)).toBeGreaterThan(1e-3);
    dispose([plain, given, expected].flatMap(({ grads }) => Object.values(grads)));
    dispose(Object.values(weights));
  });

  it('teaches the encoder, and not the decoder, to let conditions be told from its latents', async () => {
    const told = { attributes: input(9, [2, 1]), attributeWeights: { shape: [2, 1], data: Float32Array.of(1, 1) } };
    const gradsOf = async (spec: TaskSpec) => {
      const task = createTask(spec);
      const weights = uploadWeights(randomWeights(task.shapes));
      const { grads } = await gradientsOf(task, weights, { ...vaeBatch(2), ...told });
      const values = Object.entries(grads).map(([name, grad]) => [name, [...grad.dataSync()]] as const);
      dispose([...Object.values(grads), ...Object.values(weights)]);
      return new Map(values);
    };
    const plain = await gradsOf(vae);
    const telling = await gradsOf({ ...vae, conditionWeight: 0.2, conditions: ['number'] });
    expect(telling.size).toBe(plain.size + 2);
    let difference = 0;
    for (const [name, values] of plain) {
      if (name.startsWith('decoder.')) expectClose(telling.get(name)!, values, { absolute: 1e-6, relative: 1e-5 });
      else difference += Math.max(...values.map((value, i) => Math.abs(telling.get(name)![i]! - value)));
    }
    expect(difference).toBeGreaterThan(0.01);
  });

  it('adds the weighted parts of the loss', async () => {
    const lossOf = async (weighing: Partial<typeof vae>, rarity = 1, more: Batch = {}) => {
      const task = createTask({ ...vae, ...weighing });
      const weights = uploadWeights(randomWeights(task.shapes));
      const batch = {
        ...vaeBatch(2),
        rarity: { shape: [2, 4, 4, 1], data: new Float32Array(32).fill(rarity) },
        ...more,
      };
      const { grads, ...result } = await gradientsOf(task, weights, batch);
      dispose([...Object.values(grads), ...Object.values(weights)] as Tensor[]);
      return result;
    };
    const plain = await lossOf({});
    const { loss: withL2 } = await lossOf({ l2Weight: 0.3 });
    expectClose([withL2], [plain.loss + 0.3 * plain.metrics.l2!]);
    const [single, double] = [await lossOf({ gradientWeight: 0.2 }), await lossOf({ gradientWeight: 0.4 })];
    expect(single.loss).toBeGreaterThan(plain.loss + 0.01);
    expectClose([double.loss - plain.loss], [2 * (single.loss - plain.loss)], { relative: 1e-4 });
    const [once, twice] = [await lossOf({ coarseWeight: 0.2 }), await lossOf({ coarseWeight: 0.4 })];
    expect(once.loss).toBeGreaterThan(plain.loss + 0.001);
    expectClose([twice.loss - plain.loss], [2 * (once.loss - plain.loss)], { relative: 1e-4 });
    const known = { attributes: input(9, [2, 1]), attributeWeights: { shape: [2, 1], data: Float32Array.of(1, 1) } };
    const told = await lossOf({ conditionWeight: 0.1, conditions: ['number'] }, 1, known);
    expectClose([told.loss], [plain.loss + 0.1 * told.metrics.conditions!], { relative: 1e-4 });
    const absolute = await lossOf({ reconstruction: 'l1' });
    const { loss: withRare } = await lossOf({ reconstruction: 'l1', rareColourWeight: 0.6 }, 2);
    expectClose([withRare], [absolute.loss + 0.6 * 2 * absolute.metrics.l1!]);
  });

  it('adds the weighted parts of the loss of a one-step VAE, in units of its scale', async () => {
    const lossOf = async (weighing: Partial<typeof cvae>, rarity = 1) => {
      const task = createTask({ ...cvae, reconstruction: 'l1', ...weighing });
      const weights = uploadWeights(randomWeights(task.shapes));
      const batch = { ...cvaeBatch(2), rarity: { shape: [2, 8, 8, 1], data: new Float32Array(128).fill(rarity) } };
      const { grads, ...result } = await gradientsOf(task, weights, batch);
      dispose([...Object.values(grads), ...Object.values(weights)] as Tensor[]);
      return result;
    };
    const plain = await lossOf({});
    const { loss: withRare } = await lossOf({ rareColourWeight: 0.6 }, 2);
    expectClose([withRare], [plain.loss + (0.6 * 2 * plain.metrics.l1!) / 0.8]);
    const [single, double] = [await lossOf({ gradientWeight: 0.2 }), await lossOf({ gradientWeight: 0.4 })];
    expect(single.loss).toBeGreaterThan(plain.loss + 0.01);
    expectClose([double.loss - plain.loss], [2 * (single.loss - plain.loss)], { relative: 1e-4 });
    const seen = await lossOf({ perceptualWeight: 0.3, lossNetwork: classifierConfig });
    expect(seen.metrics.perceptual!).toBeGreaterThan(1e-3);
    expectClose([seen.loss], [plain.loss + (0.3 * seen.metrics.perceptual!) / 0.8], { relative: 1e-4 });
  });
});
