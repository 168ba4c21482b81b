import { dispose, tensor4d } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { parseSchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { scaleLatents } from '../networks/latentScaling.ts';
import { createModel } from '../sampling/model.ts';
import { tinyDataset } from '../testing/tinyDataset.ts';
import { tinyModelFiles } from '../testing/tinyModel.ts';
import { tinyUNetConfig, tinyVaeConfig } from '../testing/tinyNetworks.ts';
import { loadModelFolder } from '../weights/modelFolder.ts';
import { modelFolderFiles } from '../weights/modelFolderFiles.ts';
import { memorySource } from '../weights/modelSource.ts';
import { joinConditioning } from './conditionedNetwork.ts';
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
    [],
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

it('scales latents as they were in training, whatever the auto-encoder scaled them by before', async () => {
  const { unet, vae, unetConfig } = tinyModelFiles({ labels: ['stripes', 'disc', 'ramp'], sizePx: 8 });
  const before = tinyVaeConfig({ sample_size: 8, scaling_factor: 0.18215, shift_factor: 3 });
  const statistics = { mean: [1, 2, 3, 4], std: [0.5, 1, 2, 3] };
  const network = { config: unetConfig as never, weights: unet };
  const content = modelContent(
    tinyDataset(),
    { config: before, weights: vae },
    statistics,
    network,
    DIFFUSION_DEFAULTS,
    [],
  );
  const model = createModel(await loadModelFolder(memorySource(await modelFolderFiles(content))));
  const z = tensor4d([2, 2, -1, 10], [1, 1, 1, 4]);
  const scaled = scaleLatents(model.vae!.config, z);
  expect([...(await scaled.data())]).toEqual([2, 0, -2, 2]); // (z − mean) / std
  dispose([z, scaled]);
  model.dispose();
});

it('clips what it predicts of pixels, which end at ±1, and not of latents', () => {
  const { unet, vae } = tinyModelFiles();
  const clips = (autoencoder: Parameters<typeof modelContent>[1]) => {
    const network = { config: tinyUNetConfig(), weights: unet };
    const content = modelContent(tinyDataset(), autoencoder, { mean: [0], std: [1] }, network, DIFFUSION_DEFAULTS, []);
    return parseSchedulerConfig(content.schedulerConfig, 'the test').clipSample;
  };
  expect(clips(null)).toBe(true);
  expect(clips({ config: tinyVaeConfig(), weights: vae })).toBe(false);
});

it('has examples of what it was trained on, in the folder too', async () => {
  const attributes = { hair: ['black', 'red'], wear: { min: 0, max: 2 } };
  const { index, unet, vae, conditioning, unetConfig, vaeConfig, conditioningConfig } = tinyModelFiles({
    labels: ['stripes', 'disc', 'ramp'],
    sizePx: 8,
    attributes,
  });
  const { classLabels, ...rest } = tinyDataset();
  const count = classLabels.length;
  const dataset = {
    ...rest,
    classLabels,
    attributes: [
      { name: 'hair', values: attributes.hair, data: Int16Array.from({ length: count }, (_, i) => i % 2) },
      {
        name: 'wear',
        values: attributes.wear,
        data: Float32Array.from({ length: count }, (_, i) => (i === 0 ? Number.NaN : 1)),
      },
    ],
  };
  const images = [...classLabels.keys()].filter((image) => image % 3 > 0 || image === 0);
  const content = modelContent(
    dataset,
    { config: vaeConfig as never, weights: vae },
    { mean: [0, 0, 0, 0], std: [1, 1, 1, 1] },
    { config: unetConfig as never, weights: joinConditioning(unet, conditioning!) },
    {
      ...DIFFUSION_DEFAULTS,
      predictionType: 'epsilon',
      betaSchedule: 'linear',
      conditioning: conditioningConfig as never,
    },
    images,
  );
  const loaded = await loadModelFolder(memorySource(await modelFolderFiles(content)));
  const { labels, values } = loaded.index.figment.examples!;
  const known = images.filter((image) => image !== 0); // of the first something is not known
  expect([...labels]).toEqual(known.map((image) => classLabels[image]).sort());
  const hair = (label: number) => known.filter((image) => classLabels[image] === label).map((image) => image % 2);
  expect([...values].filter((_, i) => i % 2 === 0)).toEqual([0, 1, 2].flatMap(hair));
  expect([...values].filter((_, i) => i % 2 === 1)).toEqual(known.map(() => Math.fround(128 / 255)));
  expect(index.figment).not.toHaveProperty('examples');
});
