import { join } from 'node:path';
import { encodeJson } from '../../runtime/core/encodeJson.ts';
import { WEIGHTS_FILE } from '../../runtime/core/fileNames.ts';
import {
  type AutoEncoder,
  type AutoencoderKlConfig,
  autoencoderKlShapes,
  channelNames,
  configForLatentsOf,
  type Dataset,
  defaultVaeConfig,
  downloadWeights,
  forChannels,
  formatAutoencoderKlConfig,
  type LiveVae,
  type NumValues,
  parseAutoencoderKlConfig,
  pixelChannels,
  pixelsPerLatent,
  reconstructionSheet,
  startFromTeacher,
  type Trainer,
  VAE_DEFAULTS,
  type VaeOptions,
  vaeTaskSpec,
  vaeTrainer,
  vaeTrainingShapes,
  withMoreLatents,
  writeSafetensors,
} from '../../runtime/index.ts';
import { withAddedParts } from '../node/addedParts.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { CREDIT_FILE, type Credit, combineCredits, readCredit, withCredit } from '../node/credit.ts';
import { forNewDecoder } from '../node/forNewDecoder.ts';
import { modelFolder } from '../node/openModel.ts';
import { withPipeline } from '../node/pipelineFile.ts';
import { framesAsPictures } from '../node/readDataset.ts';
import { readVae } from '../node/readNetworks.ts';
import { orUsageError, rangeAsUsageError, UsageError } from '../node/usageError.ts';
import { isWholeModel, readWholeModel, type WholeModel, withNetworks } from '../node/wholeModel.ts';
import { learntLossNetwork, lossNetworkOf } from './lossNetwork.ts';
import { attributeNotes, augmentNotes, checkSizes, circularOf, startFolder } from './trainingCheckpoint.ts';
import { checkShift, readTrainingData, type TrainingData } from './trainingData.ts';
import { writeReconstructions } from './trainingPreviews.ts';
import { type CommonTrainOptions, gradientsIn, type TrainingPlace, train, trainerOptions } from './trainingRun.ts';

interface VaeCommandOptions extends CommonTrainOptions {
  klWeight?: number;
  reconstruction: 'l1' | 'l2';
  l2Weight: number;
  gradientWeight: number;
  coarseWeight: number;
  rareColourWeight: number;
  conditionWeight: number;
  perceptualWeight: number;
  channelWeights?: number[];
  adversarialWeight: number;
  colourJitter: number;
  crop: number;
  freezeEncoder?: boolean;
  latentsOf?: string;
  patchSize?: number;
  latentNoise: number;
  widths?: number[];
  latentChannels?: number;
}

const STALE_OFFSETS =
  'train vae: colours will come out of this decoder elsewhere than of the old one, so the palette forgets where; run figment palette on the new model';
const STALE_GRAIN =
  'train vae: this decoder will lose other grain than the old one, so the model forgets it; run figment grain on the new model';

/** An auto-encoder, what it begins with, and what it learns from. */
interface VaeTraining {
  data: TrainingData;
  config: AutoencoderKlConfig;
  options: VaeOptions;
  /** Weights to begin with; undefined: random ones. */
  start: AutoEncoder['weights'] | undefined;
  /** The whole model that gets the auto-encoder; null where that stands alone. */
  model: WholeModel | null;
  credit: Credit;
}

/** figment train vae */
export async function trainVae(command: VaeCommandOptions): Promise<void> {
  if (!command.freezeEncoder && command.latentsOf === undefined && !command.resume) refuseWholeModel(command.out);
  const training = await readTraining(command);
  const { data, config, options, model } = training;
  const { circular, freezeEncoder, teacher, lossNetwork, conditionWeight } = options;
  if (model?.index.figment.palette?.offsets) console.log(STALE_OFFSETS);
  if (model?.index.figment.grain) console.log(STALE_GRAIN);
  await train(command, {
    kind: 'vae',
    data,
    options,
    notes: {
      circular: String(circular),
      ...augmentNotes(options.augment),
      ...lossNotes(options),
      ...(conditionWeight > 0 && attributeNotes(data.dataset.attributes ?? [])),
    },
    shapes: vaeTrainingShapes(config, options, data.dataset),
    keepsWeights: freezeEncoder || teacher !== null || lossNetwork !== null,
    start: async (place) => {
      if (!model) refuseWholeModel(command.out);
      const trainer = await startTrainer(training, place);
      const names = [...autoencoderKlShapes(config).keys()];
      return {
        trainer,
        save: async ({ step }, isOwn) => {
          const weights = Object.fromEntries(names.map((name) => [name, trainer.ema[name]!])); // without a discriminator's
          await saveTraining(training, { config, weights, circular }, { out: command.out, step, isOwn });
        },
      };
    },
  });
}

async function readTraining(command: VaeCommandOptions): Promise<VaeTraining> {
  const data = framesAsPictures(await readTrainingData(command));
  const { dataset } = data;
  const folder = startFolder(command, 'vae');
  if (command.freezeEncoder && !folder) {
    throw new UsageError(
      'train vae: --freeze-encoder keeps an encoder that has learned; say whose it is with --init-from',
    );
  }
  const found = folder ? await readVae(folder) : null;
  const init = found && withAskedLatents(forChannels(found, dataset.channels), command);
  if (init && folder) checkChannels(init.config, dataset, `--init-from ${folder}`);
  const latentsOf = command.latentsOf === undefined ? null : modelFolder(command.latentsOf);
  const teacher = latentsOf ? await readTeacher(latentsOf, dataset) : null;
  const config = init?.config ?? newConfig(dataset, command, teacher?.config);
  checkAsked(command, dataset, config);
  const known = folder ?? latentsOf;
  const credit = combineCredits([dataset, known ? await readCredit(known) : null]);
  const keepsLatents = command.freezeEncoder || teacher;
  const model = keepsLatents && known && isWholeModel(known) ? withCredit(await readWholeModel(known), credit) : null;
  const options = vaeOptions(command, dataset, teacher?.config ?? null, known ? await circularOf(known) : undefined);
  const start = teacher ? startFromTeacher(teacher, config) : init?.weights;
  return { data, config, options, start, model, credit };
}

/** @throws UsageError when the network that is trained is of other sizes than asked for, or cannot be trained as asked for */
function checkAsked(command: VaeCommandOptions, dataset: Dataset, config: AutoencoderKlConfig): void {
  checkSizes('train vae', {
    '--widths': [command.widths, config.block_out_channels],
    '--latent-channels': [command.latentChannels, config.latent_channels],
    '--patch-size': [command.patchSize, config.patch_size],
  });
  checkCrop(command.crop, dataset, config);
  checkShift('train vae', command.shift, dataset);
}

async function startTrainer(
  { data, config, options, start }: VaeTraining,
  { workers, resumed }: TrainingPlace,
): Promise<Trainer> {
  const { dataset, split } = data;
  const source = gradientsIn(workers, vaeTaskSpec(config, options, dataset));
  const seen = options.lossNetwork && !resumed ? await learntLossNetwork('train vae', data, workers.length) : [];
  const first = new Map([...(start ?? []), ...seen]);
  return vaeTrainer(dataset, split.train, config, options, resumed ?? first, source);
}

/** Writes the auto-encoder, alone or in its model, and a preview of it. */
async function saveTraining(
  { data, model, credit }: VaeTraining,
  vae: LiveVae,
  { out, step, isOwn }: { out: string; step: number; isOwn: boolean },
): Promise<void> {
  if (!model) await saveVae(out, vae, credit);
  else {
    const files = await withPipeline(await withNetworks(model, await networkOf(vae)));
    const all = isOwn ? await withAddedParts(out, files) : files;
    await writeFilesAtomic(out, forNewDecoder(all));
  }
  await writeReconstructions(out, step, data, (images, columns) =>
    reconstructionSheet(data.dataset, images, columns, vae),
  );
}

/** An auto-encoder to begin with; of more latent channels where the command asks for more. */
function withAskedLatents(autoEncoder: AutoEncoder, { initFrom, latentChannels = 0, seed }: VaeCommandOptions) {
  const goesOn = initFrom === undefined || latentChannels <= autoEncoder.config.latent_channels;
  return goesOn
    ? autoEncoder
    : rangeAsUsageError(() => withMoreLatents(autoEncoder, latentChannels, seed), 'train vae');
}

function checkChannels(config: AutoencoderKlConfig, { channels }: Dataset, option: string): void {
  const known = pixelChannels(config).in;
  if (known === channels) return;
  const names = channelNames(channels).join(', ');
  throw new UsageError(
    `train vae: the auto-encoder of ${option} takes ${known} channels, the data have ${channels}: ${names}; leave that option out, or name another model`,
  );
}

/** The config of a new network, for the latents of a teacher or its own. @throws UsageError when the sizes don't fit the tiles */
function newConfig(
  dataset: Dataset,
  { widths, latentChannels, patchSize = 1 }: VaeCommandOptions,
  teacher?: AutoencoderKlConfig,
): AutoencoderKlConfig {
  const sizes = defaultVaeConfig(dataset, { widths, latentChannels, patchSize });
  const factor = pixelsPerLatent(sizes);
  if (dataset.widthPx % factor !== 0 || dataset.heightPx % factor !== 0) {
    throw new UsageError(
      `train vae: a latent would stand for ${factor}×${factor} pixels, by ${sizes.block_out_channels.length} levels and patches of ${patchSize}×${patchSize}, but ${dataset.widthPx}×${dataset.heightPx} is no multiple of that; give fewer --widths, or a smaller --patch-size`,
    );
  }
  const config = orUsageError(() => parseAutoencoderKlConfig(sizes, 'train vae: --widths'));
  return teacher ? orUsageError(() => configForLatentsOf(teacher, config)) : config;
}

/** @throws UsageError when the folder is no whole model, or its auto-encoder takes other channels than the data have */
async function readTeacher(folder: string, dataset: Dataset): Promise<AutoEncoder> {
  if (!isWholeModel(folder)) {
    throw new UsageError(`train vae: --latents-of ${folder}: there is no model_index.json; name a whole model`);
  }
  const teacher = await readVae(folder);
  checkChannels(teacher.config, dataset, `--latents-of ${folder}`);
  return teacher;
}

/** @throws UsageError when the crop is larger than the tiles, or the network cannot halve it as often as it does */
function checkCrop(cropPx: number, { widthPx, heightPx }: Dataset, config: AutoencoderKlConfig): void {
  const factor = pixelsPerLatent(config);
  const maxPx = Math.min(widthPx, heightPx);
  if (cropPx % factor === 0 && cropPx <= maxPx) return;
  throw new UsageError(
    `train vae: --crop is ${cropPx}; expected a multiple of ${factor} of at most ${maxPx} px, or 0 for whole pictures`,
  );
}

/** Refuses a folder whose U-Net was trained on the latents of another auto-encoder. */
function refuseWholeModel(out: string): void {
  if (!isWholeModel(out)) return;
  throw new UsageError(
    `train vae: ${out} holds a whole model, whose U-Net fits its auto-encoder's latents alone; choose another --out, or train the decoder alone with --freeze-encoder --init-from ${out}`,
  );
}

/** @param circular what the model to begin with says that its networks are trained for; the command may say otherwise */
function vaeOptions(
  command: VaeCommandOptions,
  dataset: Dataset,
  teacher: AutoencoderKlConfig | null,
  circular = false,
): VaeOptions {
  const isCircular = command.circular ?? circular;
  return {
    ...trainerOptions(command, VAE_DEFAULTS),
    reconstruction: command.reconstruction,
    klWeight: command.klWeight ?? VAE_DEFAULTS.klWeight,
    l2Weight: command.l2Weight,
    gradientWeight: command.gradientWeight,
    coarseWeight: command.coarseWeight,
    rareColourWeight: command.rareColourWeight,
    conditionWeight: command.conditionWeight,
    perceptualWeight: command.perceptualWeight,
    lossNetwork: lossNetworkOf('train vae', dataset, command.perceptualWeight),
    adversarialWeight: command.adversarialWeight,
    channelWeights: channelWeights(command, dataset.channels),
    freezeEncoder: command.freezeEncoder ?? false,
    teacher,
    latentNoise: command.latentNoise,
    balanced: command.balanced ?? false,
    circular: isCircular,
    augment: {
      flip: command.flip ?? false,
      shiftPx: command.shift,
      circular: isCircular,
      permuteChannels: command.permuteChannels,
      colourJitter: command.colourJitter,
      cropPx: command.crop,
    },
  };
}

const LOSS_OPTIONS = [
  'reconstruction',
  'klWeight',
  'l2Weight',
  'gradientWeight',
  'coarseWeight',
  'rareColourWeight',
  'conditionWeight',
  'perceptualWeight',
  'adversarialWeight',
  'channelWeights',
  'latentNoise',
] as const;

/**
 * The options of the loss that are not as usual, as a checkpoint notes them: a training that went on with others would end as
 * neither of the two.
 */
function lossNotes(options: VaeOptions): Record<string, string> {
  const other = LOSS_OPTIONS.filter((name) => String(options[name]) !== String(VAE_DEFAULTS[name]));
  return Object.fromEntries(other.map((name) => [name, String(options[name])]));
}

/** @throws UsageError when there is not one for each channel of the data */
function channelWeights({ channelWeights }: VaeCommandOptions, channels: NumValues): number[] | null {
  if (channelWeights === undefined) return null;
  if (channelWeights.length === channels) return channelWeights;
  throw new UsageError(
    `train vae: --channel-weights has ${channelWeights.length} numbers; expected ${channels}, of ${channelNames(channels).join(', ')}`,
  );
}

/** The auto-encoder as a model's folder has it. */
async function networkOf({ config, weights }: LiveVae) {
  return { vaeConfig: formatAutoencoderKlConfig(config), vae: await downloadWeights(weights) };
}

/** Writes the folder vae/ of an auto-encoder that is part of no model yet. */
async function saveVae(out: string, live: LiveVae, credit: Credit) {
  const { vaeConfig, vae } = await networkOf(live);
  await writeFilesAtomic(out, { [CREDIT_FILE]: encodeJson(credit) });
  await writeFilesAtomic(join(out, 'vae'), {
    [WEIGHTS_FILE]: writeSafetensors(vae, { dtype: 'F32' }),
    'config.json': encodeJson(vaeConfig),
  });
}
