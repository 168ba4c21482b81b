import { expect, it } from 'vitest';
import { createModel } from '../sampling/model.ts';
import { tinyDataset } from '../testing/tinyDataset.ts';
import { tinyModelFiles } from '../testing/tinyModel.ts';
import { tinyUNetConfig, tinyVaeConfig } from '../testing/tinyNetworks.ts';
import { loadModelFolder, modelFolderFiles } from '../weights/modelFolder.ts';
import { memorySource } from '../weights/modelSource.ts';
import { modelContent } from './modelContent.ts';
import { DIFFUSION_DEFAULTS } from './trainDiffusion.ts';

it('is a folder that loads, with what the data set and the training say', async () => {
  const { unet, vae } = tinyModelFiles({ labels: ['stripes', 'disc', 'ramp'], sizePx: 8 });
  const statistics = { mean: [1, 2, 3, 4], std: [0.5, 1, 2, 3] };
  const content = modelContent(
    tinyDataset(),
    { config: tinyVaeConfig({ sample_size: 8 }), weights: vae },
    statistics,
    { config: tinyUNetConfig({ sample_size: 4 }), weights: unet },
    { ...DIFFUSION_DEFAULTS, predictionType: 'epsilon', betaSchedule: 'linear', circular: true },
  );
  const loaded = await loadModelFolder(memorySource(await modelFolderFiles(content)));
  expect(loaded.index.labels).toEqual(['stripes', 'disc', 'ramp']);
  expect(loaded.index.figment).toMatchObject({
    name: 'tiny',
    licence: 'CC0-1.0',
    widthPx: 8,
    channels: 4,
    premultipliedAlpha: true,
    pixelArt: true,
    circularPadding: true,
  });
  const model = createModel(loaded);
  expect(model.vae!.config).toMatchObject({ latents_mean: statistics.mean, latents_std: statistics.std });
  expect(model.scheduler).toMatchObject({ predictionType: 'epsilon', betaSchedule: 'linear' });
  model.dispose();
});
