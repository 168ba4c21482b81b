import { expect, it } from 'vitest';
import { loadModelFolder } from '../weights/modelFolder.ts';
import { memorySource } from '../weights/modelSource.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import { tinyModelFiles, tinyModelFolder } from './tinyModel.ts';

const contents = (weights: Map<string, WeightTensor>) =>
  Object.fromEntries(Array.from(weights, ([name, { shape, data }]) => [name, { shape, data }]));

it('loads from its folder as it is', async () => {
  const options = { labels: ['brick'], sizePx: 8, circularPadding: true };
  const loaded = await loadModelFolder(memorySource(await tinyModelFolder(options)));
  const { unet, unetConfig, vae, vaeConfig } = tinyModelFiles(options);
  expect(loaded.index.labels).toEqual(['brick']);
  expect(loaded.index.figment).toMatchObject({ name: 'tiny', widthPx: 8, circularPadding: true });
  expect([loaded.unetConfig, loaded.vaeConfig]).toEqual([unetConfig, vaeConfig]);
  expect(contents(loaded.unet)).toEqual(contents(unet));
  expect(contents(loaded.vae)).toEqual(contents(vae));
});
