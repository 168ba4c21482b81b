// Projects of `figment export trainer` in a folder of their own, for tests.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeJson } from '../../runtime/core/encodeJson.ts';
import * as runtime from '../../runtime/index.ts';
import { tinyAttributes, tinyDataset, tinyMaterials } from '../../runtime/testing/tinyDataset.ts';
import { tinyFrames } from '../../runtime/testing/tinyFrames.ts';
import { randomWeights } from '../../runtime/testing/tinyNetworks.ts';
import { completeModelIndex } from '../../runtime/weights/completeModelIndex.ts';
import type { StoredModelIndex } from '../../runtime/weights/modelIndex.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { writeDataset } from '../node/writeDataset.ts';
import { printedBy } from './printedBy.ts';

/** The environment of Python: one thread, no network, and no compiled files beside the sources. */
export const TRAINER_ENV = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', OMP_NUM_THREADS: '1', HF_HUB_OFFLINE: '1' };

/** Pictures of the folder `sheets`, which has attributes as well. */
export const trainerDataset = { ...tinyDataset({ widthPx: 16, heightPx: 16 }), attribution: 'drawn by formula' };

/** Configs of a model folder, path → what it says. */
export type ModelConfigs = Record<string, Record<string, unknown>>;

/** A folder with the data sets `sheets`, `frames` and `maps`, and projects of them. */
export class TrainerProjects {
  /** Makes the folder, and the project `project` of the sheets. */
  static async open(): Promise<TrainerProjects> {
    const projects = new TrainerProjects(await mkdtemp(join(tmpdir(), 'figment-trainer-')));
    const { at } = projects;
    await writeDataset(at('sheets'), { ...trainerDataset, attributes: tinyAttributes() }, 'shapes');
    await writeDataset(at('frames'), tinyFrames({ widthPx: 16, heightPx: 16 }), 'boxes that move');
    const materials = tinyMaterials({ widthPx: 16, heightPx: 16 });
    await writeDataset(at('maps'), { ...materials, attribution: 'drawn by formula' }, 'materials');
    await projects.exportTrainer('project', '--data', at('sheets'), '--flip', '--circular');
    await runtime.selectBackend({ backend: 'wasm' });
    return projects;
  }

  private constructor(private readonly dir: string) {}

  readonly at = (...names: string[]): string => join(this.dir, ...names);

  readonly readJson = async (...names: string[]) => JSON.parse(await readFile(this.at(...names), 'utf8'));

  /** Runs `figment export trainer …`; returns what it prints. */
  exportTrainer(out: string, ...words: string[]): Promise<string> {
    return printedBy('export', 'trainer', '--out', this.at(out), ...words);
  }

  /** The configs of the project's model, path → what it says. */
  async emptyModel(project = 'project'): Promise<ModelConfigs> {
    const paths = [
      'model_index.json',
      ...['unet', 'vae', 'conditioning'].map((part) => `${part}/config.json`),
      'scheduler/scheduler_config.json',
    ];
    const files = paths.map(async (path) => [path, await this.readJson(project, 'model', path)] as const);
    return Object.fromEntries(await Promise.all(files));
  }

  /** Small networks in place of the usual ones, as a user would edit the configs. */
  async makeSmall(project: string, numFrames = 1): Promise<void> {
    const files = await this.emptyModel(project);
    const latents = { latents_mean: [0, 0, 0, 0], latents_std: [1, 1, 1, 1] };
    const vae = { ...files['vae/config.json'], block_out_channels: [8, 16, 16], latent_channels: 4, ...latents };
    const unet = {
      ...files['unet/config.json'],
      block_out_channels: [8, 16],
      layers_per_block: 1,
      in_channels: 4 * numFrames,
      out_channels: 4 * numFrames,
      attention_head_dim: 8,
    };
    const conditioning = { ...files['conditioning/config.json'], embedding_dim: 32 };
    await writeFilesAtomic(this.at(project, 'model'), {
      'vae/config.json': encodeJson(vae),
      'unet/config.json': encodeJson(unet),
      'conditioning/config.json': encodeJson(conditioning),
    });
  }

  async close(): Promise<void> {
    await rm(this.dir, { recursive: true });
  }
}

/** Weights by name. */
export type NamedWeights = Map<string, runtime.WeightTensor>;

/** In place of random weights, which take their time where a network has its usual size. */
export const zeroWeights: typeof randomWeights = (shapes) =>
  new Map(Array.from(shapes, ([name, shape]) => [name, { shape, data: new Float32Array(runtime.numElements(shape)) }]));

/** Random weights for the configs of a model. */
export function trainerWeights(
  files: Record<string, unknown>,
  make = randomWeights,
): Record<'unet' | 'vae' | 'conditioning', NamedWeights> {
  const unet = make(runtime.unet2dShapes(runtime.parseUNet2DConfig(files['unet/config.json'])), 1);
  const vae = make(runtime.autoencoderKlShapes(runtime.parseAutoencoderKlConfig(files['vae/config.json'])), 2);
  const config = runtime.parseConditioningConfig(files['conditioning/config.json']);
  return { unet, vae, conditioning: make(runtime.conditioningShapes(config), 3) };
}

/** The project's model with weights, as Figment writes and reads it. */
export async function withWeights(
  files: ModelConfigs,
  statistics = {},
  make = randomWeights,
): Promise<runtime.ModelFiles> {
  const stored = files['model_index.json'] as StoredModelIndex;
  const content = {
    index: completeModelIndex(stored, 'tiny', files['unet/config.json'], files['vae/config.json'], 'model_index.json'),
    unetConfig: files['unet/config.json'],
    vaeConfig: { ...files['vae/config.json'], ...statistics },
    conditioningConfig: files['conditioning/config.json'],
    schedulerConfig: files['scheduler/scheduler_config.json'],
    ...trainerWeights(files, make),
  };
  const written = await runtime.modelFolderFiles(content, { dtype: 'F16' });
  return runtime.loadModelFolder(runtime.memorySource(written));
}
