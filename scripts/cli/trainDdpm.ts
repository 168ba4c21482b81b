import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AttributeColumn,
  type AutoEncoder,
  type AutoencoderKlConfig,
  attributesOf,
  changeLatents,
  conditionedShapes,
  type Dataset,
  type DatasetSplit,
  DIFFUSION_DEFAULTS,
  type DiffusionOptions,
  diffusionTaskSpec,
  diffusionTrainer,
  downloadWeights,
  examplesOfImages,
  fitImages,
  isRolled,
  type LatentDataset,
  type LatentStatistics,
  latentShape,
  latentSpread,
  latentStatistics,
  MATERIAL_CHANNELS,
  MAX_EXAMPLE_LABELS,
  modelContent,
  numFramesOf,
  type PredictionType,
  pixelChannels,
  pixelStatistics,
  statisticsOfConfig,
  whitening,
  withLatentChange,
} from '../../runtime/index.ts';
import { type Credit, combineCredits, readCredit } from '../node/credit.ts';
import { haveSameWeights } from '../node/haveSameWeights.ts';
import { digestOfVae } from '../node/latentCache.ts';
import { modelFolder } from '../node/openModel.ts';
import { type NetworkFiles, readIndexOf, readSchedulerOf, readVae } from '../node/readNetworks.ts';
import { type StartNetwork, startNetwork } from '../node/startNetwork.ts';
import { printable } from '../node/terminal.ts';
import { rangeAsUsageError, UsageError } from '../node/usageError.ts';
import { isWholeModel } from '../node/wholeModel.ts';
import { chooseAttributes } from './chooseAttributes.ts';
import { examplesOf } from './previewSheet.ts';
import { saveDiffusionModel } from './saveDiffusionModel.ts';
import { attributeNotes, checkSizes, circularOf, startFolder } from './trainingCheckpoint.ts';
import { readTrainingData, type TrainingData } from './trainingData.ts';
import { trainingLatents, withAttributes } from './trainingLatents.ts';
import { checkFrames, usualLatentScale, usualPrediction } from './trainingOfFrames.ts';
import { type CommonTrainOptions, gradientsIn, type TrainingPlace, train, trainerOptions } from './trainingRun.ts';

interface DdpmCommandOptions extends CommonTrainOptions {
  vae?: string;
  prediction?: PredictionType;
  schedule?: DiffusionOptions['betaSchedule'];
  condDropProb?: number;
  minSnrGamma?: number;
  timestepShift?: number;
  attributes?: string[];
  widths?: number[];
  layers?: number;
  positions?: boolean;
  latentScale?: number;
  whiten?: number;
}

/** A diffusion model, what it begins with, and what it learns from. */
interface DdpmTraining {
  data: TrainingData;
  vae: AutoEncoder | null;
  network: StartNetwork;
  options: DiffusionOptions;
  latentScale: number;
  /** What the latents were standardised by so far; null: they are not, or by something else from here on. */
  knownStatistics: LatentStatistics | null;
  credit: Credit;
}

/** figment train ddpm */
export async function trainDdpm(command: DdpmCommandOptions): Promise<void> {
  refuseOfPixels(command);
  const training = await readTraining(command);
  const { data, vae, network, options, latentScale, credit } = training;
  const { dataset, split } = data;
  const { config, conditioning } = network;
  const examples = examplesOf(dataset, split);
  tellExamples(dataset, split);
  await train(command, {
    kind: 'ddpm',
    data,
    options,
    notes: { ...trainingNotes(options, vae, { ...command, latentScale }), ...attributeNotes(dataset.attributes ?? []) },
    shapes: conditionedShapes(config, conditioning),
    start: async (place) => {
      const { trainer, statistics, ownVae } = await startTrainer(training, command, place);
      return {
        trainer,
        save: async ({ step }, isOwn) => {
          const unet = { config, weights: await downloadWeights(trainer.ema) };
          const content = modelContent({ ...dataset, ...credit }, ownVae, statistics, unet, options, split.train);
          await saveDiffusionModel(content, { out: command.out, step, isOwn }, examples);
        },
      };
    },
  });
}

async function readTraining(command: DdpmCommandOptions): Promise<DdpmTraining> {
  const { dataset: read, split } = await readTrainingData(command);
  const folder = startFolder(command, 'unet');
  const vaeFolder = command.vae === undefined ? null : modelFolder(command.vae);
  const vaeWraps = vaeFolder === null ? undefined : await circularOf(vaeFolder);
  const before = folder ? await trainedBefore(folder) : {};
  const chosen = diffusionOptions(command, read, { ...before, circular: before.circular ?? vaeWraps });
  checkFrames('train ddpm', read, { ...command, circular: chosen.circular });
  const vae = vaeFolder === null ? null : await readVae(vaeFolder);
  const whole = vae ? seenBy(vae.config, read) : read;
  const dataset = { ...whole, attributes: chooseAttributes(whole, command) };
  const network = await startNetwork(folder, dataset, latentShape(dataset, vae?.config ?? null), command);
  const { config, conditioning } = network;
  checkSizes('train ddpm', {
    '--widths': [command.widths, config.block_out_channels],
    '--layers': [command.layers, config.layers_per_block],
  });
  const origins = [vaeFolder, folder].flatMap((origin) => origin ?? []);
  const credit = combineCredits([dataset, ...(await Promise.all(origins.map(readCredit)))]);
  const latentScale = command.latentScale ?? usualLatentScale(read);
  const knownStatistics = vae && (await statisticsBefore(command, vae, folder));
  const data = { dataset, split };
  return { data, vae, network, options: { ...chosen, conditioning }, latentScale, knownStatistics, credit };
}

/**
 * What standardises the latents of the model that the training goes on with, where these are latents of the very auto-encoder: the
 * U-Net has learned them so, whatever other data it sees now. null where the command says how they are to vary, too.
 */
async function statisticsBefore(
  { latentScale, whiten, resume, out }: DdpmCommandOptions,
  vae: AutoEncoder,
  begun: string | null,
): Promise<LatentStatistics | null> {
  const folder = startFolder({ resume, out }, 'unet') ?? begun;
  if (latentScale !== undefined || whiten !== undefined || !folder || !isWholeModel(folder)) return null;
  if (!existsSync(join(folder, 'vae'))) return null; // a model of pixels
  const known = await readVae(folder);
  if (!known.config.latents_mean || !haveSameWeights(vae.weights, known.weights)) return null;
  return statisticsOfConfig(known.config);
}

/**
 * Encodes the data, and makes the trainer that begins or goes on. What the model needs besides is known by then: the statistics that
 * standardise its latents, and its auto-encoder, which --whiten changes.
 */
async function startTrainer(
  { data, vae, network, options, latentScale, knownStatistics }: DdpmTraining,
  command: DdpmCommandOptions,
  place: TrainingPlace,
) {
  const { config, weights } = network;
  const { dataset } = data;
  const { workers, resumed } = place;
  const encoding = { vae, circular: options.circular, isShifted: isRolled(options, config) };
  const encoded = await trainingLatents('train ddpm', data, encoding, command, place);
  const ownVae = vae && command.whiten !== undefined ? whitened(vae, encoded, command.whiten) : vae;
  const latents = withAttributes(data, encoded);
  const statistics = vae
    ? (knownStatistics ?? scaledStatistics(latents, dataset, latentScale))
    : pixelStatistics(dataset.channels);
  const source = gradientsIn(workers, diffusionTaskSpec(config, options));
  const trainer = diffusionTrainer(latents, statistics, config, options, resumed ?? weights, source);
  return { trainer, statistics, ownVae };
}

/** @throws UsageError for options of latents where there are none */
function refuseOfPixels({ vae, latentScale, whiten }: DdpmCommandOptions): void {
  const given = Object.entries({ '--latent-scale': latentScale, '--whiten': whiten }).find(
    ([, value]) => value !== undefined,
  );
  if (vae !== undefined || !given) return;
  throw new UsageError(`train ddpm: ${given[0]} is for latents, not for pixels; give --vae, or leave it out`);
}

/** The auto-encoder of latents whose channels vary more alike, which the given latents become. */
function whitened(vae: AutoEncoder, latents: LatentDataset, amount: number): AutoEncoder {
  return rangeAsUsageError(() => {
    const change = whitening(latentSpread(latents, vae.config.latent_channels), amount);
    changeLatents(latents, change);
    return withLatentChange(vae, change);
  }, 'train ddpm: --whiten');
}

/** The pictures as the auto-encoder takes them: see `fitImages`. */
function seenBy(config: AutoencoderKlConfig, dataset: Dataset): Dataset {
  const channels = pixelChannels(config).in;
  if (channels !== 3 && channels !== 4 && channels !== MATERIAL_CHANNELS) {
    throw new UsageError(
      `train ddpm: the auto-encoder takes ${channels} channels; expected 3, 4 or ${MATERIAL_CHANNELS}`,
    );
  }
  const widthPx = numFramesOf(dataset) * dataset.widthPx;
  return rangeAsUsageError(() => fitImages(dataset, { ...dataset, widthPx, channels }), 'train ddpm');
}

/** What makes the standard deviation of latents `latentScale`. */
function scaledStatistics(latents: LatentDataset, dataset: Dataset, latentScale: number) {
  const { mean, std } = latentStatistics(latents, numFramesOf(dataset));
  return { mean, std: std.map((value) => value / latentScale) };
}

/** What a U-Net predicts, of which noise, and whether its convolutions wrap: its weights have no meaning without. */
type Meaning = Pick<DiffusionOptions, 'predictionType' | 'betaSchedule' | 'circular'>;

/** What the U-Net of a model folder was trained for; nothing is known of one that lies alone, without an index. */
async function trainedBefore(folder: string): Promise<Partial<Meaning>> {
  const [index, scheduler] = [await readIndexOf(folder), await readSchedulerOf(folder)];
  if (!index || !scheduler) return {};
  const { predictionType, betaSchedule } = scheduler;
  return { predictionType, betaSchedule, circular: index.figment.circularPadding };
}

/**
 * The options of the training.
 *
 * @param before those of the model to begin with, and whether its auto-encoder wraps, which hold where the command names no other
 */
function diffusionOptions(command: DdpmCommandOptions, dataset: Dataset, before: Partial<Meaning>): DiffusionOptions {
  return {
    ...trainerOptions(command, DIFFUSION_DEFAULTS),
    predictionType: command.prediction ?? before.predictionType ?? usualPrediction(dataset),
    betaSchedule: command.schedule ?? before.betaSchedule ?? DIFFUSION_DEFAULTS.betaSchedule,
    condDropProb: command.condDropProb ?? DIFFUSION_DEFAULTS.condDropProb,
    minSnrGamma: command.minSnrGamma ?? null,
    timestepShift: command.timestepShift ?? DIFFUSION_DEFAULTS.timestepShift,
    balanced: command.balanced ?? false,
    circular: command.circular ?? (!dataset.frames && before.circular) ?? false,
  };
}

/** What of a training that is resumed must be as it was before, beside what all trainings compare. */
function trainingNotes(
  options: DiffusionOptions,
  vae: NetworkFiles<AutoencoderKlConfig> | null,
  { latentScale, whiten }: { latentScale: number; whiten?: number },
): Record<string, string> {
  const { predictionType, betaSchedule, circular, conditioning } = options;
  return {
    prediction: predictionType,
    schedule: betaSchedule,
    circular: String(circular),
    ...(conditioning && { attributes: Object.keys(conditioning.attributes).join() }),
    vae: vae ? digestOfVae(vae) : 'none, but pixels',
    ...(!vae && { space: 'pixels' }),
    ...(latentScale !== 1 && { latentScale: String(latentScale) }),
    ...(whiten !== undefined && { whiten: String(whiten) }),
    ...lossNotes(options),
  };
}

/** The options of the loss, as a checkpoint notes them: a training that went on with others would end as neither of the two. */
function lossNotes({ condDropProb, minSnrGamma, timestepShift }: DiffusionOptions): Record<string, string> {
  return {
    condDropProb: String(condDropProb),
    minSnrGamma: minSnrGamma === null ? 'off' : String(minSnrGamma),
    ...(timestepShift !== 1 && { timestepShift: String(timestepShift) }),
  };
}

/** Says of which labels the model gets no examples, by which it would decide on what a recipe leaves open. */
function tellExamples(dataset: Dataset, { train }: DatasetSplit): void {
  const { labels, attributes = [] } = dataset;
  if (attributes.length > 0 && labels.length > MAX_EXAMPLE_LABELS) {
    const why = `there are examples for ${MAX_EXAMPLE_LABELS} labels at most, and the data have ${labels.length}`;
    console.log(printable(`train ddpm: ${why}, so that none will decide on what recipes leave open`));
    return;
  }
  const found = new Set(examplesOfImages(dataset, train, 1).labels);
  const lacking = labels.filter((_, label) => !found.has(label));
  if (attributes.length === 0 || lacking.length === 0) return;
  const numKnown = ({ name }: AttributeColumn) =>
    train.filter((image) => name in attributesOf(attributes, image)).length;
  const [rarest] = [...attributes].sort((one, other) => numKnown(one) - numKnown(other));
  const note = `train ddpm: no image of ${lacking.join(', ')} has all attributes, so that examples will not decide on what recipes of these leave open; ${rarest!.name} is known of ${numKnown(rarest!)} of ${train.length} images, and --attributes leaves it out`;
  console.log(printable(note));
}
