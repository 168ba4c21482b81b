// An auto-encoder that is trained against a discriminator: who learns what of whom.
import { dispose, type Scalar, type Tensor, type Tensor4D, tensor1d, valueAndGrads } from '@tensorflow/tfjs-core';
import '#stock-gradients';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, valuesOn } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { registerKernelGradients } from '../kernels/gradients.ts';
import { discriminate, discriminatorShapes, isOfDiscriminator } from '../networks/discriminator.ts';
import { initialWeights } from '../networks/initialWeights.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import { checkGradients } from '../testing/gradientCheck.ts';
import { expectClose } from '../testing/matchers.ts';
import { tinyVaeConfig } from '../testing/tinyNetworks.ts';
import { runSteps, TINY_VAE_OPTIONS, tinyVaeTrainer } from '../testing/tinyTraining.ts';
import { hingeLoss, realismLoss } from './losses.ts';
import { stopGradient } from './stopGradient.ts';
import { createTask } from './task.ts';
import { vaeTaskSpec, vaeTrainingShapes } from './trainVae.ts';

const WEIGHTS = initialWeights(discriminatorShapes(4, 3), 3);
const IMAGES = draw(5, [2, 16, 16, 4]);
const LATENTS = draw(6, [2, 2, 2, 3]);

describeOnBackends((backend) => {
  it('says of each patch how real it looks, as on cpu', async () => {
    const judge = (name: typeof backend) =>
      valuesOn(name, () => {
        const weights = uploadWeights(WEIGHTS);
        const patches = discriminate(weights, toTensor<Tensor4D>(IMAGES), toTensor<Tensor4D>(LATENTS), true);
        dispose(Object.values(weights));
        return [patches];
      });
    const [patches] = await judge(backend);
    expect(patches!.shape).toEqual([2, 4, 4, 1]);
    expectClose(patches!.values, (await judge('cpu'))[0]!.values, { relative: 1e-4 });
  });

  it.each([2, 4, 8])('judges each patch by the latents there, a %i-th of the image', async (factor) => {
    const size = 16 / factor;
    const z = draw(6, [2, size, size, 3]);
    const other = { ...z, values: z.values.map((value, i) => (i < 3 ? value + 1 : value)) }; // at the first image's corner
    const [told, toldOther] = await valuesOn(backend, () => {
      const weights = uploadWeights(WEIGHTS);
      const judged = [z, other].map((latents) =>
        discriminate(weights, toTensor<Tensor4D>(IMAGES), toTensor<Tensor4D>(latents), false),
      );
      dispose(Object.values(weights));
      return judged;
    });
    const changed = Array.from(told!.values, (value, i) => Math.abs(value - toldOther!.values[i]!) > 1e-6);
    const seen = 2 + Math.max(1, 4 / size); // patches a side: those of the latent, and two that their kernels reach
    const expected = Array.from({ length: 32 }, (_, i) => i < 16 && Math.floor(i / 4) < seen && i % 4 < seen);
    expect(changed).toEqual(expected);
  });

  it('has the hinge loss and its opposite, in closed form, with gradients', async () => {
    const [real, fake] = [
      { shape: [4], values: Float32Array.of(2, 0.5, -1, 0.9) },
      { shape: [4], values: Float32Array.of(-3, 0.5, -0.5, 1) },
    ];
    const [hinge, realism] = await valuesOn(backend, () => [
      hingeLoss(toTensor(real), toTensor(fake)),
      realismLoss(toTensor(fake)),
    ]);
    expect(hinge!.values[0]).toBeCloseTo(((0 + 0.5 + 2 + 0.1) / 4 + (0 + 1.5 + 0.5 + 2) / 4) / 2, 6);
    expect(realism!.values[0]).toBeCloseTo(2 / 4, 6);
    await checkGradients(backend, (a, b) => hingeLoss(a!, b!), [real, fake]);
  });
});

describe('an auto-encoder against a discriminator', () => {
  const config = tinyVaeConfig();
  const options = { ...TINY_VAE_OPTIONS, batchSize: 2, adversarialWeight: 0.5, klWeight: 0 };
  const x = draw(7, [2, 8, 8, config.in_channels]);
  const batchOf = (share: number) => ({
    x: { shape: x.shape, data: Float32Array.from(x.values) },
    eps: { shape: [2, 4, 4, 4], data: new Float32Array(128) },
    adversarial: { shape: [2], data: Float32Array.of(share, share) },
  });

  beforeAll(() => selectBackend({ backend: 'wasm' }));

  /** The gradient of the task's loss by every weight, as plain numbers. */
  async function gradients(adversarialWeight: number, share: number): Promise<Map<string, number[]>> {
    registerKernelGradients();
    const own = { ...options, adversarialWeight };
    const task = createTask(vaeTaskSpec(config, own));
    const weights = uploadWeights(initialWeights(vaeTrainingShapes(config, own), 1));
    const names = Object.keys(weights);
    let metrics: Tensor[] = [];
    const { value, grads } = valueAndGrads((...given: Tensor[]) => {
      const all = Object.fromEntries(names.map((name, i) => [name, given[i]!]));
      const result = task.loss(all, batchOf(share));
      metrics = Object.values(result.metrics);
      return result.loss as Scalar;
    })(names.map((name) => weights[name]!));
    const values = await Promise.all(grads.map(async (grad) => [...(await grad.data())]));
    dispose([value, ...grads, ...metrics, ...Object.values(weights)]);
    return new Map(names.map((name, i) => [name, values[i]!]));
  }

  it('teaches the decoder by the share of its weight, and the discriminator whatever that is', async () => {
    const [plain, none, half, all] = await Promise.all([
      gradients(0, 0),
      gradients(0.5, 0),
      gradients(0.5, 0.5),
      gradients(0.5, 1),
    ]);
    const difference = (a: number[], b: number[]) => a.map((value, i) => value - b[i]!);
    let moved = 0;
    for (const [name, ofAll] of all!) {
      if (isOfDiscriminator(name)) {
        expect(ofAll, name).toEqual(none!.get(name));
        continue;
      }
      expectClose(none!.get(name)!, plain!.get(name)!, { absolute: 1e-6, relative: 1e-5 });
      const [one, two] = [half!, all!].map((grads) => difference(grads.get(name)!, none!.get(name)!));
      expectClose(
        two!,
        one!.map((value) => 2 * value),
        { absolute: 1e-5, relative: 1e-3 },
      );
      moved += Math.max(...two!.map(Math.abs));
    }
    expect(moved).toBeGreaterThan(1e-3);
  });

  it('lets no gradient through a constant', () => {
    const [at] = [tensor1d([1, 2])];
    const { value, grads } = valueAndGrads((given) => realismLoss(stopGradient(given!)))([at]);
    expect(value.dataSync()[0]).toBe(-1.5);
    expect([...grads[0]!.dataSync()]).toEqual([0, 0]);
    dispose([at, value, ...grads]);
  });

  it('trains both, with weights of the discriminator beside those that are kept', async () => {
    const trainer = tinyVaeTrainer({ adversarialWeight: 0.1, numSteps: 3 });
    const before = await trainer.state();
    const names = [...before.weights.keys()].filter(isOfDiscriminator);
    expect(names.length).toBe(discriminatorShapes(config.in_channels, config.latent_channels).size);
    const steps = await runSteps(trainer);
    expect(steps.every(({ loss }) => Number.isFinite(loss))).toBe(true);
    const after = await trainer.state();
    const head = 'discriminator.head.weight';
    expect(after.weights.get(head)!.data).not.toEqual(before.weights.get(head)!.data);
    await trainer.dispose();
  });
});
