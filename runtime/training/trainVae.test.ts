import { dispose, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, valuesOn } from '../../scripts/testing/backends.ts';
import { type BackendName, selectBackend } from '../backends/selectBackend.ts';
import { colourRarity, pixelRarity } from '../dataset/colourRarity.ts';
import { autoencoderKlShapes, decode } from '../networks/autoencoderKl.ts';
import { type AutoencoderKlConfig, parseAutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import { initialWeights } from '../networks/initialWeights.ts';
import { toPatches } from '../networks/patches.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import { expectClose, expectUncorrelated } from '../testing/matchers.ts';
import { naiveLosses, recordingGradients } from '../testing/naiveTraining.ts';
import { tinyAttributes, tinyDataset } from '../testing/tinyDataset.ts';
import { tinyPatches, tinyVaeConfig } from '../testing/tinyNetworks.ts';
import { runSteps, TINY_VAE_OPTIONS, tinyVaeTrainer } from '../testing/tinyTraining.ts';
import { type Batch, pictureBatch } from './batch.ts';
import { attributeWeights } from './losses.ts';
import { createTask, type TaskSpec } from './task.ts';
import { defaultVaeConfig, type VaeOptions, vaeTaskSpec, vaeTrainer } from './trainVae.ts';

const OPTIONS = { ...TINY_VAE_OPTIONS, batchSize: 2 };

/** The losses of `naiveLosses`, which those of every backend must meet. */
let reference: number[] | null = null;

/** A software GPU takes a third of a second a step: it ends early. */
const numStepsOn = (backend: BackendName) => (backend === 'webgpu' ? 3 : 4);

describeOnBackends((backend) => {
  it('trains with the losses of a training by the book', async () => {
    const config = tinyVaeConfig();
    const task = createTask(vaeTaskSpec(config, OPTIONS));
    const batches: Batch[] = [];
    const trainer = tinyVaeTrainer(OPTIONS, undefined, recordingGradients(task, batches));
    const losses = (await runSteps(trainer, numStepsOn(backend))).map(({ loss }) => loss);
    await trainer.dispose();
    expect(losses).toHaveLength(numStepsOn(backend));
    reference ??= await naiveLosses(task, OPTIONS, initialWeights(autoencoderKlShapes(config), OPTIONS.seed), batches);
    const expected = reference.slice(0, losses.length);
    expectClose(losses, expected, { absolute: 1e-3, relative: 0 }, `losses on ${backend}`);
  });

  it.skipIf(backend !== 'wasm')('learns a tiny data set', async () => {
    const trainer = tinyVaeTrainer({ numSteps: 100, microBatchSize: 4, learningRate: 5e-3, klWeight: 1e-4 });
    const errors = (await runSteps(trainer)).map(({ metrics }) => metrics.l1!);
    await trainer.dispose();
    const meanOf = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    expect(meanOf(errors.slice(-10))).toBeLessThan(0.4 * meanOf(errors.slice(0, 5)));
  });
});

it('begins with patches whose pixels are alike', async () => {
  await selectBackend({ backend: 'wasm' });
  const config = tinyVaeConfig(tinyPatches(4));
  const dataset = tinyDataset();
  const trainer = vaeTrainer(dataset, Int32Array.from(dataset.classLabels.keys()), config, OPTIONS);
  const { weights } = await trainer.state();
  await trainer.dispose();
  const [patches] = await valuesOn('wasm', () => {
    const z = toTensor<Tensor4D>(draw(3, [1, 3, 2, 4]));
    return [toPatches(decode(config, uploadWeights(weights), z), 2)];
  });
  for (let pixel = 4; pixel < patches!.values.length; pixel++) {
    if (pixel % 16 >= 4) expect(patches!.values[pixel]).toBe(patches!.values[pixel - 4]);
  }
  expect(new Set(patches!.values).size).toBe(6 * 4);
});

it('counts the errors of each channel as the weights say', async () => {
  await selectBackend({ backend: 'cpu' });
  const config = tinyVaeConfig({ in_channels: 4, out_channels: 4 });
  const spec = { ...vaeTaskSpec(config, { ...OPTIONS, l2Weight: 2, gradientWeight: 0.5, klWeight: 0 }) };
  const weights = uploadWeights(initialWeights(autoencoderKlShapes(config), 1));
  const values = draw(5, [1, 8, 8, 4]);
  const batch = {
    x: { shape: values.shape, data: Float32Array.from(values.values) },
    eps: { shape: [1, 4, 4, 4], data: new Float32Array(64) },
  };
  const errors = new Set<string>();
  const lossOf = (channelWeights: number[] | null) => {
    const { loss, metrics } = createTask({ ...spec, channelWeights } as TaskSpec).loss(weights, batch);
    const [value] = loss.dataSync();
    errors.add(metrics.l1!.dataSync()[0]!.toPrecision(5));
    dispose([loss, metrics] as unknown as Tensor[]);
    return value!;
  };
  const each = [0, 1, 2, 3].map((channel) => lossOf([0, 1, 2, 3].map((c) => (c === channel ? 1 : 0))));
  const sum = each.reduce((a, b) => a + b, 0);
  expect(Math.min(...each)).toBeGreaterThan(0);
  expect(lossOf(null)).toBeCloseTo(sum, 5);
  expect(lossOf([1, 1, 1, 1])).toBeCloseTo(sum, 5);
  expect(lossOf([1, 0, 0, 1])).toBeCloseTo(each[0]! + each[3]!, 5);
  expect(errors.size).toBe(1); // what is logged can be compared, whatever the weights
  dispose(weights as unknown as Tensor[]);
});

/** The first batch of a training. */
async function firstBatch(config: AutoencoderKlConfig, options: VaeOptions, dataset = tinyDataset()): Promise<Batch> {
  const batches: Batch[] = [];
  const source = recordingGradients(createTask(vaeTaskSpec(config, options, dataset)), batches);
  const trainer = vaeTrainer(dataset, Int32Array.from(dataset.classLabels.keys()), config, options, undefined, source);
  await runSteps(trainer, 1);
  await trainer.dispose();
  return batches[0]!;
}

it('tells how rare the colours of each pixel are, as they are augmented', async () => {
  await selectBackend({ backend: 'wasm' });
  const config = tinyVaeConfig();
  const dataset = tinyDataset();
  const indices = Int32Array.from(dataset.classLabels.keys());
  const options = { ...OPTIONS, rareColourWeight: 1, numSteps: 1, augment: { ...OPTIONS.augment, flip: true } };
  const { x, rarity } = await firstBatch(config, options, dataset);
  const [, height, width, channels] = x!.shape as [number, number, number, number];
  expect(rarity!.shape).toEqual([2, height, width, 1]);
  const length = height * width * channels;
  expect(rarity!.data).toEqual(pixelRarity(colourRarity(dataset, indices), x!.data as Float32Array, length, channels));
  expect(new Set(rarity!.data).size).toBeGreaterThan(2);
});

it('gives batches label and attributes, where latents are to tell them', async () => {
  await selectBackend({ backend: 'wasm' });
  const config = tinyVaeConfig();
  const dataset = { ...tinyDataset(), attributes: tinyAttributes() };
  const options = { ...OPTIONS, conditionWeight: 1, numSteps: 1 };
  const indices = Int32Array.from(dataset.classLabels.keys());
  const { attributes, attributeWeights: weights } = await firstBatch(config, options, dataset);
  expect(attributes!.shape).toEqual([2, 3]);
  const { classLabels, attributes: columns } = pictureBatch(dataset, indices, options, 0);
  expect([...attributes!.data]).toEqual(
    [0, 1].flatMap((i) => [classLabels.data[i], ...columns!.data.slice(2 * i, 2 * i + 2)]),
  );
  expect(weights!.data).toEqual(attributeWeights(attributes!.data, 3));
});

const DISTURBED = { ...OPTIONS, batchSize: 64, microBatchSize: 64, latentNoise: 0.5, numSteps: 1 };

it('disturbs the latents of each image by a level of its own, on the scale on which the U-Net sees them', async () => {
  await selectBackend({ backend: 'wasm' });
  const stds = [0.5, 1, 2, 4];
  const config = tinyVaeConfig({ latents_mean: [0, 0, 0, 0], latents_std: stds, scaling_factor: 0.5 });
  const { eps, latentNoise } = await firstBatch(config, DISTURBED);
  const { shape, data } = latentNoise!;
  expect(shape).toEqual(eps!.shape);
  const perImage = data.length / 64;
  const normalised = Array.from(data, (value, i) => (0.5 * value) / stds[i % 4]!);
  const levels = Array.from({ length: 64 }, (_, image) =>
    Math.sqrt(normalised.slice(image * perImage, (image + 1) * perImage).reduce((sum, v) => sum + v * v, 0) / perImage),
  ).sort((a, b) => a - b);
  expect(levels[0]).toBeLessThan(0.05); // of 64 even draws between 0 and 0.5, give or take what few values measure
  expect(levels[63]).toBeGreaterThan(0.44);
  expect(levels[63]).toBeLessThan(0.58);
  expect(levels.reduce((a, b) => a + b, 0) / 64).toBeCloseTo(0.25, 1); // to 0.05, which is 2.8 standard errors
  const ofChannel = stds.map((_, channel) => normalised.filter((_, i) => i % 4 === channel));
  const strengths = ofChannel.map((values) => values.reduce((sum, v) => sum + v * v, 0));
  expect(Math.max(...strengths) / Math.min(...strengths)).toBeLessThan(1.2);
});

it('disturbs latents apart from the noise of their posterior', async () => {
  await selectBackend({ backend: 'wasm' });
  const { eps, latentNoise } = await firstBatch(tinyVaeConfig(), DISTURBED);
  expectUncorrelated(eps!.data, latentNoise!.data);
});

it('defaultVaeConfig fits the data set', () => {
  const config = defaultVaeConfig(tinyDataset({ widthPx: 16, heightPx: 16 }));
  expect(config).toMatchObject({ in_channels: 4, out_channels: 4, sample_size: 16, scaling_factor: 1 });
  for (const width of config.block_out_channels) expect(width % config.norm_num_groups).toBe(0);
  const sizes = [...autoencoderKlShapes(config).values()].map((shape) => shape.reduce((a, b) => a * b, 1));
  expect(sizes.reduce((a, b) => a + b, 0)).toBe(2_075_268); // 4.2 MB in float16: what the shipped portraits have room for
});

it('defaultVaeConfig makes patches whose sides are powers of two', () => {
  const configOf = (patchSize: number) => defaultVaeConfig(tinyDataset({ widthPx: 16, heightPx: 16 }), { patchSize });
  for (const size of [1, 2, 4, 8])
    expect(configOf(size)).toMatchObject({ patch_size: size, in_channels: 4 * size ** 2 });
  for (const size of [0, 3, 6, 16]) expect(() => configOf(size)).toThrow(`patchSize is ${size}; expected 1, 2, 4, 8`);
});

it('defaultVaeConfig makes a level of every width', () => {
  const config = defaultVaeConfig(tinyDataset({ widthPx: 16, heightPx: 16 }), {
    widths: [8, 16, 24, 32],
    latentChannels: 16,
  });
  expect(config).toMatchObject({ block_out_channels: [8, 16, 24, 32], latent_channels: 16 });
  expect(config.down_block_types).toHaveLength(4);
  expect(parseAutoencoderKlConfig(config)).toEqual(config);
});
