import {
  type AttributeColumn,
  type AutoencoderKlConfig,
  attributeSheet,
  attributesOf,
  conditionedShapes,
  createModel,
  type Dataset,
  type DatasetSplit,
  DIFFUSION_DEFAULTS,
  type DiffusionOptions,
  diffusionTaskSpec,
  diffusionTrainer,
  downloadWeights,
  drawExamples,
  encodeColumns,
  encodeDataset,
  examplesOfImages,
  fitImages,
  type LabelledPicture,
  type LatentDataset,
  type LatentSubjects,
  latentShape,
  latentStatistics,
  loadModelFolder,
  MATERIAL_CHANNELS,
  memorySource,
  modelContent,
  modelFolderFiles,
  numFramesOf,
  type PixelImage,
  type PredictionType,
  pixelChannels,
  pixelEncoder,
  pixelStatistics,
  sampleSheet,
} from '../../runtime/index.ts';
import { withAddedParts } from '../node/addedParts.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { combineCredits, readCredit } from '../node/credit.ts';
import { digestOfVae } from '../node/latentCache.ts';
import { openLatents } from '../node/openLatents.ts';
import { withPipeline } from '../node/pipelineFile.ts';
import { readIndexOf, readSchedulerOf, readVae } from '../node/readNetworks.ts';
import { startNetwork } from '../node/startNetwork.ts';
import { rangeAsUsageError, UsageError } from '../node/usageError.ts';
import { startFolder } from './trainingCheckpoint.ts';
import {
  type CommonTrainOptions,
  chooseAttributes,
  gradientsIn,
  readTrainingData,
  train,
  trainerOptions,
  writePreview,
} from './trainingRun.ts';

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
  latentScale?: number;
}

/** figment train ddpm */
export async function trainDdpm(command: DdpmCommandOptions): Promise<void> {
  if (command.latentScale !== undefined && command.vae === undefined) {
    throw new UsageError('train ddpm: --latent-scale is for latents, not for pixels; give --vae, or leave it out');
  }
  const { dataset: read, split } = await readTrainingData(command);
  const folder = startFolder(command, 'unet');
  const chosen = diffusionOptions(command, read, folder ? await trainedBefore(folder) : {});
  checkFrames('train ddpm', read, { ...command, circular: chosen.circular });
  const latentScale = command.latentScale ?? usualLatentScale(read);
  const vae = command.vae === undefined ? null : await readVae(command.vae);
  const whole = vae ? seenBy(vae.config, read) : read;
  const dataset = { ...whole, attributes: chooseAttributes(whole, command) };
  const network = await startNetwork(folder, dataset, latentShape(dataset, vae?.config ?? null), command);
  const { config, conditioning } = network;
  const options = { ...chosen, conditioning };
  const encodeOptions = { circular: options.circular, flip: command.flip ?? false };
  const origins = [command.vae, folder].flatMap((origin) => origin ?? []);
  const credit = combineCredits([dataset, ...(await Promise.all(origins.map(readCredit)))]);
  const examples = examplesOf(dataset, split);
  tellExamples(dataset, split);
  await train(command, {
    kind: 'ddpm',
    data: { dataset, split },
    options,
    notes: {
      prediction: options.predictionType,
      schedule: options.betaSchedule,
      circular: String(options.circular),
      ...(conditioning && { attributes: Object.keys(conditioning.attributes).join() }),
      vae: vae ? digestOfVae(vae) : 'none, but pixels',
      ...(!vae && { space: 'pixels' }),
      ...(latentScale !== 1 && { latentScale: String(latentScale) }),
      ...lossNotes(options),
    },
    shapes: conditionedShapes(config, conditioning),
    start: async ({ backend, workers, resumed }) => {
      const origin = { dataset, indices: split.train, ...encodeOptions };
      const encoded = vae
        ? await openLatents('train ddpm', { ...origin, vae, backend }, command.out, workers)
        : await encodeDataset(dataset, split.train, null, [pixelEncoder()], encodeOptions);
      const latents = { ...encoded, attributes: attributesOfLatents(dataset, split.train, encoded) };
      const statistics = vae ? scaledStatistics(latents, dataset, latentScale) : pixelStatistics(dataset.channels);
      const source = gradientsIn(workers, diffusionTaskSpec(config, options));
      const trainer = diffusionTrainer(latents, statistics, config, options, resumed ?? network.weights, source);
      return {
        trainer,
        save: async ({ step }) => {
          const unet = { config, weights: await downloadWeights(trainer.ema) };
          const content = modelContent({ ...dataset, ...credit }, vae, statistics, unet, options, split.train);
          const files = await modelFolderFiles(content, { dtype: 'F16' });
          const whole = resumed ? await withAddedParts(command.out, files) : files;
          await writeFilesAtomic(command.out, await withPipeline(whole));
          await writePreview(command.out, 'preview', step, await previewSheet(files, examples));
        },
      };
    },
  });
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

/** @throws UsageError for what would mix up frames: a mirrored walk to the left is lit from the other side */
export function checkFrames(
  operation: string,
  { name, frames }: Dataset,
  { flip, circular }: { flip?: boolean; circular?: boolean },
): void {
  if (!frames || !(flip || circular)) return;
  throw new UsageError(
    `${operation}: the images of "${name}" have frames, which go without --${flip ? 'flip' : 'circular'}; leave it out`,
  );
}

/**
 * The standard deviation of latents. Frames tell much of the same, so that noise hides less of it: at 1 the first of 20 steps
 * would settle what half of a picture shows.
 *
 * Source: Chen 2023, arXiv:2301.10972, section 3.
 */
export function usualLatentScale(dataset: Pick<Dataset, 'frames'>): number {
  return 1 / Math.sqrt(numFramesOf(dataset));
}

/** What makes the standard deviation of latents `latentScale`. */
function scaledStatistics(latents: LatentDataset, dataset: Dataset, latentScale: number) {
  const { mean, std } = latentStatistics(latents, numFramesOf(dataset));
  return { mean, std: std.map((value) => value / latentScale) };
}

/** Latents are those of the encoded images, once for each way in which they are looked at. */
export function attributesOfLatents(
  dataset: Dataset,
  indices: Int32Array,
  { classLabels }: LatentSubjects,
): Float32Array {
  const imageOf = (_: number, latent: number) => indices[latent % indices.length]!;
  return encodeColumns(dataset.attributes ?? [], classLabels.map(imageOf));
}

const EXAMPLES_PER_LABEL = 3;

/** A preview has fewer pictures of a model with frames, since each is a whole row of them. */
const FRAMES_PREVIEW = { numPlain: 1, numExamples: 1, numCopies: 1 };

/** Pictures that the model has not seen, if there are any, and what they show; none where nothing is known of them. */
export function examplesOf(dataset: Dataset, { train, heldOut }: DatasetSplit): LabelledPicture[] {
  if (!dataset.attributes?.length) return [];
  const count = dataset.frames ? FRAMES_PREVIEW.numExamples : EXAMPLES_PER_LABEL;
  return drawExamples(dataset, heldOut.length > 0 ? heldOut : train, count);
}

/** Models with frames predict the picture itself: noise differs in each frame, and is more than the network has room for. */
export function usualPrediction({ frames }: Pick<Dataset, 'frames'>): PredictionType {
  return frames ? 'sample' : DIFFUSION_DEFAULTS.predictionType;
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

/** The options of the training. @param before those of the model to begin with, which hold where the command names no other */
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
  const found = new Set(examplesOfImages(dataset, train, 1).labels);
  const lacking = labels.filter((_, label) => !found.has(label));
  if (attributes.length === 0 || lacking.length === 0) return;
  const numKnown = ({ name }: AttributeColumn) =>
    train.filter((image) => name in attributesOf(attributes, image)).length;
  const [rarest] = [...attributes].sort((one, other) => numKnown(one) - numKnown(other));
  console.log(
    `train ddpm: no image of ${lacking.join(', ')} has all attributes, so that examples will not decide on what recipes of these leave open; ${rarest!.name} is known of ${numKnown(rarest!)} of ${train.length} images, and --attributes leaves it out`,
  );
}

/**
 * One row of samples for each label, from the model as it is stored; of a model with attributes also samples that ought to
 * show what the picture to the left of them shows.
 */
export async function previewSheet(
  files: Record<string, Uint8Array>,
  examples: readonly LabelledPicture[],
): Promise<PixelImage> {
  const model = createModel(await loadModelFolder(memorySource(files)));
  const { student, sampleDefaults } = model.index.figment;
  const steps = student ? { numInferenceSteps: sampleDefaults.numInferenceSteps } : {};
  try {
    const isFew = model.index.figment.frames !== undefined;
    if (examples.length === 0) return await sampleSheet(model, { ...steps, ...(isFew && { columns: 2 }) });
    return await attributeSheet(model, examples, { ...steps, ...(isFew && FRAMES_PREVIEW) });
  } finally {
    model.dispose();
  }
}
