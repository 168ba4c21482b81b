import { dispose, memory, type Tensor, type Tensor4D, tensor4d, zeros } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { draw, toTensor } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { autoencoderKlShapes, encode } from '../networks/autoencoderKl.ts';
import type { AutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import { initialWeights } from '../networks/initialWeights.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import { expectClose } from '../testing/matchers.ts';
import { randomWeights, tinyPatches, tinyVaeConfig } from '../testing/tinyNetworks.ts';
import { TINY_VAE_OPTIONS } from '../testing/tinyTraining.ts';
import type { BatchArray } from './batch.ts';
import { gradientsOf } from './gradients.ts';
import { configForLatentsOf, encodeAsTeacher, latentError, startFromTeacher } from './latentTeacher.ts';
import { createTask } from './task.ts';
import { isOfTeacher } from './teacherWeights.ts';
import { vaeTaskSpec } from './trainVae.ts';

const TEACHER = {
  config: tinyVaeConfig({ latents_mean: [0, 1, 2, 3], latents_std: [1, 2, 3, 4], use_quant_conv: true }),
  weights: randomWeights(autoencoderKlShapes(tinyVaeConfig({ use_quant_conv: true })), 5),
};

/** One level, and patches of 2×2 pixels instead of the other. */
const LIGHT = configForLatentsOf(TEACHER.config, tinyVaeConfig(tinyPatches(4)));

const started = (config: AutoencoderKlConfig) =>
  new Map([...initialWeights(autoencoderKlShapes(config), 1), ...startFromTeacher(TEACHER, config)]);

beforeAll(async () => {
  await selectBackend({ backend: 'wasm' });
});

describe('latentError', () => {
  /** Two channels, two pixels: the U-Net sees the means 0, 2 and 1, 5 in units of 1 and of 2. */
  const scaling = tinyVaeConfig({ latents_mean: [1, 3], latents_std: [1, 2], latent_channels: 2, scaling_factor: 1 });
  const teacher = () => ({ mean: tensor4d([0, 1, 2, 5], [1, 1, 2, 2]), logVar: zeros([1, 1, 2, 2]) as Tensor4D });

  it.each([
    ['nothing for the same', [0, 1, 2, 5], [0, 0, 0, 0], 0],
    ['squares in units of each channel’s deviation', [1, 1, 2, 7], [0, 0, 0, 0], (1 / 1 + 4 / 4) / 4],
    ['1 for the mean of all', [1, 3, 1, 3], [0, 0, 0, 0], 1],
    ['a hundredth of the variances’', [0, 1, 2, 5], [2, 0, 0, 0], 0.01],
  ])('is %s', (_, means, logVars, expected) => {
    const { numTensors } = memory();
    const own = { mean: tensor4d(means, [1, 1, 2, 2]), logVar: tensor4d(logVars, [1, 1, 2, 2]) };
    const other = teacher();
    const error = latentError(scaling, own, other);
    expectClose([...error.dataSync()], [expected], { absolute: 1e-5, relative: 0 });
    dispose([error, own.mean, own.logVar, other.mean, other.logVar]);
    expect(memory().numTensors).toBe(numTensors);
  });
});

describe('configForLatentsOf', () => {
  it('takes all that says what the latents are', () => {
    expect(LIGHT).toMatchObject({
      latents_mean: [0, 1, 2, 3],
      latents_std: [1, 2, 3, 4],
      latent_channels: 4,
      patch_size: 2,
    });
  });

  it('refuses latents of other sizes, and says how many widths it takes', () => {
    const config = tinyVaeConfig({ patch_size: 2, in_channels: 16, out_channels: 16 });
    expect(() => configForLatentsOf(TEACHER.config, config)).toThrow(
      /stands for 4×4 pixels, that of the teacher for 2×2; give 1 widths/,
    );
  });
});

describe('startFromTeacher', () => {
  it('gives an auto-encoder of the same sizes all weights, and the encoder to learn from besides', () => {
    const start = startFromTeacher(TEACHER, TEACHER.config);
    for (const [name, weight] of TEACHER.weights) expect(start.get(name)).toBe(weight);
    expect(start.get('teacher.quant_conv.weight')).toBe(TEACHER.weights.get('quant_conv.weight'));
    expect([...start.keys()].filter(isOfTeacher).every((name) => /^teacher\.(encoder|quant_conv)\./.test(name))).toBe(
      true,
    );
  });

  it('gives a lighter one the levels next to the latents', () => {
    const wide = tinyVaeConfig({
      block_out_channels: [8, 16, 16],
      down_block_types: Array(3).fill('DownEncoderBlock2D'),
      up_block_types: Array(3).fill('UpDecoderBlock2D'),
    });
    const weights = randomWeights(autoencoderKlShapes(wide), 7);
    const light = tinyVaeConfig({ block_out_channels: [16, 16], patch_size: 2, in_channels: 16, out_channels: 16 });
    const start = startFromTeacher({ config: wide, weights }, light);
    expect(start.get('encoder.down_blocks.1.resnets.0.conv1.weight')).toBe(
      weights.get('encoder.down_blocks.2.resnets.0.conv1.weight'),
    );
    expect(start.get('decoder.up_blocks.0.upsamplers.0.conv.weight')).toBe(
      weights.get('decoder.up_blocks.0.upsamplers.0.conv.weight'),
    );
    expect(start.has('decoder.conv_out.weight')).toBe(false);
  });
});

describe('a training with a teacher', () => {
  const options = { ...TINY_VAE_OPTIONS, klWeight: 1, teacher: TEACHER.config };
  const x = draw(1, [2, 8, 8, 4]);
  const batch = (epsOf: (i: number) => number) => ({
    x: { shape: x.shape, data: Float32Array.from(x.values) },
    eps: { shape: [2, 4, 4, 4], data: Float32Array.from({ length: 128 }, (_, i) => epsOf(i)) },
  });

  it('sees the latents of the teacher’s own encoder', () => {
    const weights = uploadWeights(started(LIGHT));
    const own = uploadWeights(TEACHER.weights);
    const image = toTensor<Tensor4D>(x);
    const asTeacher = encodeAsTeacher(TEACHER.config, weights, image, false);
    const expected = encode(TEACHER.config, own, image);
    expect([...asTeacher.mean.dataSync()]).toEqual([...expected.mean.dataSync()]);
    expect([...asTeacher.logVar.dataSync()]).toEqual([...expected.logVar.dataSync()]);
    dispose([asTeacher.mean, asTeacher.logVar, expected.mean, expected.logVar, image]);
    dispose([...Object.values(weights), ...Object.values(own)]);
  });

  it('keeps the teacher, and teaches encoder and decoder apart from each other', async () => {
    const task = createTask(vaeTaskSpec(LIGHT, options));
    const weights = uploadWeights(started(LIGHT));
    const gradients = await gradientsOf(task, weights, batch(Math.sin));
    expect(Object.keys(gradients.grads).some(isOfTeacher)).toBe(false);
    // With another encoder the decoder sees the same: its gradients do not change.
    const other: Record<string, Tensor> = { ...weights, 'encoder.conv_in.bias': zeros([16]) };
    const changed = await gradientsOf(task, other, batch(Math.sin));
    expect(changed.metrics.l1).toBeCloseTo(gradients.metrics.l1!, 6);
    expect(changed.loss).not.toBeCloseTo(gradients.loss, 4);
    const valuesOf = ({ grads }: typeof gradients, part: string) =>
      Object.entries(grads).flatMap(([name, tensor]) => (name.startsWith(part) ? [...tensor.dataSync()] : []));
    expectClose(valuesOf(changed, 'decoder.'), valuesOf(gradients, 'decoder.'), { absolute: 1e-6, relative: 1e-4 });
    expect(valuesOf(gradients, 'encoder.').some((value) => Math.abs(value) > 1e-4)).toBe(true);
    dispose([...Object.values(gradients.grads), ...Object.values(changed.grads), ...Object.values(weights)]);
    other['encoder.conv_in.bias']!.dispose();
  });

  it('has the same loss of however many images it is computed at once', async () => {
    const task = createTask(vaeTaskSpec(LIGHT, options));
    const weights = uploadWeights(started(LIGHT));
    const lossOf = async (first: number, end: number) => {
      const part = ({ shape: [, ...rest], data }: BatchArray, size: number) => ({
        shape: [end - first, ...rest],
        data: data.slice(first * size, end * size),
      });
      const { x: images, eps } = batch(Math.sin);
      const { loss, grads } = await gradientsOf(task, weights, { x: part(images, 256), eps: part(eps, 64) });
      dispose(Object.values(grads));
      return loss;
    };
    const [whole, ...parts] = [await lossOf(0, 2), await lossOf(0, 1), await lossOf(1, 2)];
    expect((parts[0]! + parts[1]!) / 2).toBeCloseTo(whole, 5);
    dispose(Object.values(weights));
  });

  it('has no error of latents where it is its own teacher', async () => {
    const task = createTask(vaeTaskSpec(TEACHER.config, options));
    const weights = uploadWeights(started(TEACHER.config));
    const { loss, metrics, grads } = await gradientsOf(
      task,
      weights,
      batch(() => 0),
    );
    expect(loss).toBeCloseTo(metrics.l1!, 5);
    dispose([...Object.values(grads), ...Object.values(weights)]);
  });
});
