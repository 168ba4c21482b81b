import { expect, it } from 'vitest';
import {
  autoencoderKlShapes,
  latentShape,
  parseAutoencoderKlConfig,
  parseUNet2DConfig,
  unet2dShapes,
} from '../../runtime/index.ts';
import { tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import {
  diffusionOptionsOf,
  shareOf,
  sizeProblem,
  smallUNetConfig,
  smallVaeConfig,
  vaeOptionsOf,
} from './smallTraining.ts';

it('tells how much of a budget is used', () => {
  expect(shareOf({ unit: 'minutes', amount: 2 }, { step: 9, elapsedMs: 30_000 })).toBe(0.25);
  expect(shareOf({ unit: 'steps', amount: 12 }, { step: 9, elapsedMs: 30_000 })).toBe(0.75);
  expect(shareOf({ unit: 'steps', amount: 4 }, { step: 9, elapsedMs: 0 })).toBe(1);
});

it('limits each phase by its own budget', () => {
  const settings = { vae: { unit: 'minutes', amount: 2 }, ddpm: { unit: 'steps', amount: 50 } } as const;
  expect(vaeOptionsOf(settings, tinyDataset())).toMatchObject({ numMinutes: 2, numSteps: null });
  expect(diffusionOptionsOf(settings)).toMatchObject({ numMinutes: null, numSteps: 50 });
});

it('takes fewer of large pictures at once', () => {
  const settings = { vae: { unit: 'steps', amount: 1 }, ddpm: { unit: 'steps', amount: 1 } } as const;
  const atOnce = (sizePx: number) =>
    vaeOptionsOf(settings, tinyDataset({ perClass: 1, widthPx: sizePx, heightPx: sizePx })).microBatchSize;
  expect([16, 32, 64].map(atOnce)).toEqual([32, 8, 2]);
});

const datasetOf = (widthPx: number, heightPx = widthPx) =>
  ({ widthPx, heightPx, channels: 4, labels: ['a', 'b'] }) as const;

const numWeights = (shapes: ReadonlyMap<string, readonly number[]>) =>
  [...shapes.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);

it.each([
  [16, [8, 8, 4]],
  [32, [8, 8, 8]],
  [64, [8, 8, 8]],
])('make latents of 8×8 from pictures of %i px, and are small', (sizePx, latents) => {
  const dataset = { ...datasetOf(sizePx), labels: ['a', 'b'] };
  const vae = parseAutoencoderKlConfig(smallVaeConfig(dataset), 'vae');
  const unet = parseUNet2DConfig(smallUNetConfig(dataset), 'unet');
  expect(latentShape(dataset, vae)).toEqual(latents);
  expect(numWeights(autoencoderKlShapes(vae))).toBeLessThan(1e6);
  expect(numWeights(unet2dShapes(unet))).toBeLessThan(1e6);
  expect(unet.num_class_embeds).toBe(3);
});

it.each([
  [datasetOf(16), ''],
  [datasetOf(48, 32), ''],
  [datasetOf(20, 30), 'the pictures are 20×30 pixels; expected both sides at most 64 and a multiple of 8'],
  [datasetOf(128), 'the pictures are 128×128 pixels; expected both sides at most 64'],
])('says why a size does not fit: %o', (dataset, problem) => {
  expect(sizeProblem(dataset).startsWith(problem)).toBe(true);
  expect(sizeProblem(dataset) === '').toBe(problem === '');
});
