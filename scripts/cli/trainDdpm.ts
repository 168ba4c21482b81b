import {
  attributeSheet,
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
  type LabelledPicture,
  type LatentDataset,
  latentShape,
  latentStatistics,
  loadModelFolder,
  memorySource,
  modelContent,
  modelFolderFiles,
  type PixelImage,
  type PredictionType,
  pixelEncoder,
  sampleSheet,
} from '../../runtime/index.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { combineCredits, readCredit } from '../node/credit.ts';
import { openLatents } from '../node/openLatents.ts';
import { withPipeline } from '../node/pipelineFile.ts';
import { readVae } from '../node/readNetworks.ts';
import { startNetwork } from '../node/startNetwork.ts';
import { UsageError } from '../node/usageError.ts';
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
  prediction: PredictionType;
  schedule: DiffusionOptions['betaSchedule'];
  condDropProb?: number;
  minSnrGamma?: number;
  attributes?: string[];
  widths?: number[];
  layers?: number;
}

/** figment train ddpm */
export async function trainDdpm(command: DdpmCommandOptions): Promise<void> {
  const chosen = diffusionOptions(command);
  const { dataset: whole, split } = await readTrainingData(command);
  refuseFrames(whole);
  const dataset = { ...whole, attributes: chooseAttributes(whole, command.attributes) };
  const vae = command.vae === undefined ? null : await readVae(command.vae);
  const folder = startFolder(command, 'unet');
  const network = await startNetwork(folder, dataset, latentShape(dataset, vae?.config ?? null), command);
  const { config, conditioning } = network;
  const options = { ...chosen, conditioning };
  const origins = [command.vae, folder].flatMap((origin) => origin ?? []);
  const credit = combineCredits([dataset, ...(await Promise.all(origins.map(readCredit)))]);
  const examples = examplesOf(dataset, split);
  await train(command, {
    kind: 'ddpm',
    data: { dataset, split },
    options,
    notes: {
      ...(conditioning && { attributes: Object.keys(conditioning.attributes).join() }),
      ...(!vae && { space: 'pixels' }),
    },
    shapes: conditionedShapes(config, conditioning),
    start: async ({ backend, workers, resumed }) => {
      const origin = { dataset, indices: split.train, ...encodeOptions(command) };
      const encoded = vae
        ? await openLatents('train ddpm', { ...origin, vae, backend }, command.out, workers)
        : await encodeDataset(dataset, split.train, null, [pixelEncoder()], encodeOptions(command));
      const latents = { ...encoded, attributes: attributesOfLatents(dataset, split.train, encoded) };
      const statistics = vae ? latentStatistics(latents) : pixelStatistics(dataset);
      const source = gradientsIn(workers, diffusionTaskSpec(config, options));
      const trainer = diffusionTrainer(latents, statistics, config, options, resumed ?? network.weights, source);
      return {
        trainer,
        save: async ({ step }) => {
          const unet = { config, weights: await downloadWeights(trainer.ema) };
          const content = modelContent({ ...dataset, ...credit }, vae, statistics, unet, options);
          const files = await modelFolderFiles(content, { dtype: 'F16' });
          await writeFilesAtomic(command.out, await withPipeline(files));
          await writePreview(command.out, 'preview', step, await previewSheet(files, examples));
        },
      };
    },
  });
}

/** A model of single frames would make each frame of a walk another person. */
function refuseFrames({ name, numFrames = 1 }: Dataset): void {
  if (numFrames === 1) return;
  throw new UsageError(
    `train ddpm: a subject of the data set "${name}" is ${numFrames} frames, which are not supported yet; train on a data set of single pictures`,
  );
}

/** Latents are those of the encoded images, once for each way in which they are looked at. */
export function attributesOfLatents(
  dataset: Dataset,
  indices: Int32Array,
  { classLabels }: LatentDataset,
): Float32Array {
  const imageOf = (_: number, latent: number) => indices[latent % indices.length]!;
  return encodeColumns(dataset.attributes ?? [], classLabels.map(imageOf));
}

const EXAMPLES_PER_LABEL = 3;

/** Pictures that the model has not seen, if there are any, and what they show; none where nothing is known of them. */
export function examplesOf(dataset: Dataset, { train, heldOut }: DatasetSplit): LabelledPicture[] {
  if (!dataset.attributes?.length) return [];
  return drawExamples(dataset, heldOut.length > 0 ? heldOut : train, EXAMPLES_PER_LABEL);
}

function diffusionOptions(command: DdpmCommandOptions): DiffusionOptions {
  return {
    ...trainerOptions(command, DIFFUSION_DEFAULTS),
    predictionType: command.prediction,
    betaSchedule: command.schedule,
    condDropProb: command.condDropProb ?? DIFFUSION_DEFAULTS.condDropProb,
    minSnrGamma: command.minSnrGamma ?? null,
    balanced: command.balanced ?? false,
    circular: command.circular ?? false,
  };
}

/** Pixels are between −1 and 1, and stay as they are. */
function pixelStatistics({ channels }: Dataset): { mean: number[]; std: number[] } {
  return { mean: new Array(channels).fill(0), std: new Array(channels).fill(1) };
}

const encodeOptions = ({ circular = false, flip = false }: DdpmCommandOptions) => ({ circular, flip });

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
    return await (examples.length > 0 ? attributeSheet(model, examples, steps) : sampleSheet(model, steps));
  } finally {
    model.dispose();
  }
}
