// figment export trainer: a PyTorch project that trains a model on a data set, with the configs that figment train would begin with.

import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { encodeJson } from '../../runtime/core/encodeJson.ts';
import { INDEX_FILE } from '../../runtime/core/fileNames.ts';
import {
  conditioningConfig,
  type Dataset,
  DIFFUSION_DEFAULTS,
  DISTIL_DEFAULTS,
  defaultUNetConfig,
  defaultVaeConfig,
  latentShape,
  modelContent,
  modelFolderFiles,
  parseAutoencoderKlConfig,
  type TrainerOptions,
  timeChannels,
  type UNet2DConfig,
  VAE_DEFAULTS,
  vocabularyOf,
} from '../../runtime/index.ts';
import { makeWritableFolder, writeFilesAtomic } from '../node/atomicWrite.ts';
import { packageRoot } from '../node/packageRoot.ts';
import { withPipeline } from '../node/pipelineFile.ts';
import { readDataset } from '../node/readDataset.ts';
import { UsageError } from '../node/usageError.ts';
import { chooseAttributes } from './chooseAttributes.ts';
import { refuseInClasses } from './refuseInClasses.ts';
import { checkFrames, usualLatentScale, usualPrediction } from './trainingOfFrames.ts';

export interface ExportTrainerCommandOptions {
  data: string;
  out: string;
  attributes?: string[];
  circular?: boolean;
  flip?: boolean;
  overwrite?: boolean;
}

/** figment export trainer */
export async function exportTrainer(options: ExportTrainerCommandOptions): Promise<void> {
  const { data, out } = options;
  await refuseInClasses('export trainer', out, data);
  const whole = await readDataset(data);
  checkFrames('export trainer', whole, options);
  const dataset = { ...whole, attributes: chooseAttributes(whole, options) };
  const model = await emptyModel(dataset, options.circular ?? false);
  const files = {
    ...(await withPipeline(await projectFiles())),
    ...model,
    'training.json': encodeJson(trainingOptions(dataset, relativePath(out, data), options)),
  };
  const there = Object.keys(files).find((file) => existsSync(join(out, file)));
  if (there !== undefined && !options.overwrite) {
    throw new UsageError(
      `export trainer: ${out} holds a ${there} already; give --overwrite to replace it, or choose another --out`,
    );
  }
  await makeWritableFolder(out);
  await writeFilesAtomic(out, files);
  const { labels, widthPx, heightPx, attributes } = dataset;
  const known = attributes.length > 0 ? `, ${attributes.length} attributes` : '';
  console.log(
    `export: ${labels.length} labels${known}, ${widthPx}×${heightPx} px: ${out}; README.md there tells how to train`,
  );
}

/** The files of every such project, path → bytes. */
async function projectFiles(): Promise<Record<string, Uint8Array>> {
  const folder = join(packageRoot(), 'assets', 'python', 'trainer');
  const names = (await readdir(folder)).filter((name) => /\.(py|txt|md)$/.test(name));
  const files = names.map(async (name): Promise<[string, Uint8Array]> => [name, await readFile(join(folder, name))]);
  return Object.fromEntries(await Promise.all(files));
}

/** The configs of the model to come, below `model/`: the model folder without its weights. */
async function emptyModel(dataset: Dataset, circular: boolean): Promise<Record<string, Uint8Array>> {
  const vae = parseAutoencoderKlConfig(defaultVaeConfig(dataset), 'vae/config.json');
  const usual = defaultUNetConfig({ shape: latentShape(dataset, vae) }, dataset.labels.length);
  checkSize(dataset, 2 ** (vae.block_out_channels.length + usual.block_out_channels.length - 2));
  const unet: UNet2DConfig = { ...usual, class_embed_type: 'identity', num_class_embeds: null };
  const conditioning = conditioningConfig(timeChannels(unet), dataset.labels.length, vocabularyOf(dataset.attributes));
  const none = new Map();
  const statistics = {
    mean: Array<number>(vae.latent_channels).fill(0),
    std: Array<number>(vae.latent_channels).fill(1),
  };
  const content = modelContent(
    dataset,
    { config: vae, weights: none },
    statistics,
    { config: unet, weights: none },
    { ...DIFFUSION_DEFAULTS, predictionType: usualPrediction(dataset), circular, conditioning },
    [...dataset.classLabels.keys()],
  );
  const files = await modelFolderFiles(content);
  const index = JSON.parse(new TextDecoder().decode(files[INDEX_FILE]));
  files[INDEX_FILE] = encodeJson({ ...index, figment: { ...index.figment, sha256: {} } }); // its files are to change
  return Object.fromEntries(Object.entries(files).map(([path, bytes]) => [`model/${path}`, bytes]));
}

/** @throws UsageError when auto-encoder and U-Net can't halve the pictures as often as they have levels */
function checkSize({ widthPx, heightPx }: Dataset, divisor: number): void {
  if (widthPx % divisor === 0 && heightPx % divisor === 0) return;
  throw new UsageError(
    `export trainer: the pictures are ${widthPx}×${heightPx} px; expected multiples of ${divisor}, by which the networks make them smaller`,
  );
}

const NUM_STEPS = { vae: 30_000, ddpm: 60_000, distil: 20_000 };

/** What a student of the project learns: the numbers of its steps, and those of its teacher in the same picture. */
const DISTILLATION = { stepCounts: [4, 8, 16], teacherSteps: 32 };

/** What `training.json` says: the defaults of `figment train`, and for how long. */
function trainingOptions(dataset: Dataset, data: string, { flip = false }: ExportTrainerCommandOptions): object {
  const { seed, augment, reconstruction, klWeight, l2Weight, gradientWeight, coarseWeight, ...vae } = VAE_DEFAULTS;
  const { rareColourWeight, conditionWeight, channelWeights } = vae;
  const { condDropProb, minSnrGamma, ...ddpm } = DIFFUSION_DEFAULTS;
  const weights = { klWeight, l2Weight, gradientWeight, coarseWeight, rareColourWeight, conditionWeight };
  const loss = { reconstruction, ...weights, channelWeights };
  const { guidanceScale, guidanceInterval } = DISTIL_DEFAULTS;
  const { flip: _, circular, ...altered } = augment;
  const latentScale = usualLatentScale(dataset);
  return {
    data,
    seed,
    flip,
    balanced: false,
    saveEvery: 2000,
    vae: { ...stepOptions(vae, NUM_STEPS.vae), ...loss, ...altered },
    ddpm: { ...stepOptions(ddpm, NUM_STEPS.ddpm), condDropProb, minSnrGamma, latentScale },
    distil: {
      ...stepOptions({ ...DISTIL_DEFAULTS, batchSize: ddpm.batchSize }, NUM_STEPS.distil),
      ...DISTILLATION,
      guidanceScale,
      guidanceInterval,
    },
  };
}

function stepOptions(defaults: TrainerOptions, numSteps: number): object {
  const { batchSize, learningRate, numWarmupSteps, decayFrom, finalShare } = defaults;
  const { beta1, beta2, weightDecay, clipNorm, emaDecay } = defaults;
  const rate = { learningRate, numWarmupSteps, decayFrom, finalShare };
  return { numSteps, batchSize, accumulation: 1, ...rate, beta1, beta2, weightDecay, clipNorm, emaDecay };
}

/** From one folder to another, as Python on any machine takes it. */
function relativePath(from: string, to: string): string {
  return relative(resolve(from), resolve(to)).split(sep).join('/');
}
