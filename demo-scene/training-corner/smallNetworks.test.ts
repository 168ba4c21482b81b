import { expect, it } from 'vitest';
import {
  autoencoderKlShapes,
  latentShape,
  parseAutoencoderKlConfig,
  parseUNet2DConfig,
  unet2dShapes,
} from '../../runtime/index.ts';
import { sizeProblem, smallUNetConfig, smallVaeConfig } from './smallNetworks.ts';

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
