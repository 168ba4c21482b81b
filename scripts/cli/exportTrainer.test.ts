import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import * as runtime from '../../runtime/index.ts';
import { tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { WALK } from '../../runtime/testing/tinyFrames.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { writeDataset } from '../node/writeDataset.ts';
import { TrainerProjects, trainerDataset, withWeights, zeroWeights } from '../testing/trainerProjects.ts';

const VOCABULARY = { tone: ['dark', 'plain', 'light'], growth: { min: 0, max: 1 } };

let projects: TrainerProjects;
beforeAll(async () => {
  projects = await TrainerProjects.open();
});
afterAll(() => projects.close());
beforeEach(() => void vi.spyOn(process.stderr, 'write').mockReturnValue(true));

describe('figment export trainer', () => {
  it('writes a project for the labels, attributes, size and channels of the data', async () => {
    const names = (await readdir(projects.at('project'))).sort();
    expect(names).toEqual(
      [
        'README.md',
        'figment_data.py',
        'figment_folder.py',
        'figment_loop.py',
        'figment_training.py',
        'make_case.py',
        'model',
        'pipeline.py',
        'requirements.txt',
        'train.py',
        'training.json',
      ].sort(),
    );
    const index = await projects.readJson('project', 'model', 'model_index.json');
    expect(index).toMatchObject({
      labels: trainerDataset.labels,
      figment: {
        name: 'tiny',
        widthPx: 16,
        heightPx: 16,
        channels: 4,
        circularPadding: true,
        premultipliedAlpha: true,
      },
    });
    expect(index.figment).toMatchObject({
      attributes: VOCABULARY,
      licence: 'CC0-1.0',
      attribution: 'drawn by formula',
    });
    expect(await projects.readJson('project', 'training.json')).toMatchObject({
      data: '../sheets',
      flip: true,
      vae: { batchSize: runtime.VAE_DEFAULTS.batchSize, klWeight: runtime.VAE_DEFAULTS.klWeight },
      ddpm: { learningRate: runtime.DIFFUSION_DEFAULTS.learningRate, condDropProb: 0.1, minSnrGamma: null },
    });
  });

  it('has a model that loads as soon as it has weights', async () => {
    const files = await projects.emptyModel();
    const model = runtime.createModel(await withWeights(files, {}, zeroWeights));
    expect(model.latentShape).toEqual([4, 4, 8]);
    expect(model.conditioning!.config.attributes).toEqual({ tone: 3, growth: 'number' });
    model.dispose();
  });

  it('refuses to write over a project, pictures that cannot be halved, and frames', async () => {
    const words = ['--data', projects.at('sheets')];
    await expect(projects.exportTrainer('project', ...words)).rejects.toThrow(
      /holds a .* already; give --overwrite to replace it/,
    );
    await writeFilesAtomic(projects.at('own'), { 'README.md': new TextEncoder().encode('my game') });
    await expect(projects.exportTrainer('own', ...words)).rejects.toThrow(/own holds a README\.md already/);
    await writeDataset(
      projects.at('odd'),
      { ...tinyDataset({ widthPx: 12, heightPx: 16 }), attribution: 'us' },
      'narrow shapes',
    );
    await expect(projects.exportTrainer('other', '--data', projects.at('odd'))).rejects.toThrow(
      /12×16 px; expected multiples of 8/,
    );
    await expect(projects.exportTrainer('other', '--data', projects.at('frames'), '--flip')).rejects.toThrow(
      /have frames, which go without --flip/,
    );
  });

  it('knows of frames and of maps', async () => {
    await projects.exportTrainer('walks', '--data', projects.at('frames'));
    const walks = (await projects.readJson('walks', 'model', 'model_index.json')).figment;
    expect(walks).toMatchObject({ widthPx: 16 * WALK.length, heightPx: 16, frames: WALK });
    expect(await projects.readJson('walks', 'model', 'scheduler', 'scheduler_config.json')).toMatchObject({
      prediction_type: 'sample',
    });
    const { latentScale } = (await projects.readJson('walks', 'training.json')).ddpm;
    expect(latentScale).toBeCloseTo(1 / Math.sqrt(WALK.length));
    await projects.exportTrainer('materials', '--data', projects.at('maps'));
    const { channels } = (await projects.readJson('materials', 'model', 'model_index.json')).figment;
    expect(channels).toEqual(['r', 'g', 'b', 'height', 'roughness', 'metallic']);
  });

  it('leaves attributes out on request, and goes on with labels', async () => {
    expect(await projects.exportTrainer('plain', '--data', projects.at('sheets'), '--attributes', 'none')).toMatch(
      /export: 3 labels, 16×16/,
    );
    const { attributes } = await projects.readJson('plain', 'model', 'conditioning', 'config.json');
    expect(attributes).toEqual({});
  });
});
