import {
  type AttributeColumn,
  attributeSheet,
  conditionedShapes,
  createModel,
  type Dataset,
  type DatasetSplit,
  DIFFUSION_DEFAULTS,
  type DiffusionOptions,
  dataParallelGradients,
  diffusionTaskSpec,
  diffusionTrainer,
  downloadWeights,
  drawExamples,
  encodeColumns,
  type LabelledPicture,
  type LatentDataset,
  latentShape,
  latentStatistics,
  loadModelFolder,
  type ModelContent,
  memorySource,
  modelContent,
  modelFolderFiles,
  type PredictionType,
  sampleSheet,
  scaleSheet,
  selectColumns,
} from '../../runtime/index.ts';
import { writeFileAtomic, writeFilesAtomic } from '../node/atomicWrite.ts';
import { combineCredits, readCredit } from '../node/credit.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { startGradientWorkers } from '../node/nodeWorkers.ts';
import { openLatents } from '../node/openLatents.ts';
import { encodePng } from '../node/png.ts';
import { readVae } from '../node/readNetworks.ts';
import { startNetwork } from '../node/startNetwork.ts';
import { UsageError } from '../node/usageError.ts';
import { checkCheckpoint, readCheckpoint, startFolder } from './trainingCheckpoint.ts';
import { type CommonTrainOptions, readTrainingData, runTraining } from './trainingRun.ts';

interface DdpmCommandOptions extends CommonTrainOptions {
  vae: string;
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
  const dataset = { ...whole, attributes: chooseAttributes(whole, command.attributes) };
  const vae = await readVae(command.vae);
  const folder = startFolder(command, 'unet');
  const network = await startNetwork(folder, dataset, latentShape(dataset, vae.config), command);
  const { config, conditioning } = network;
  const options = { ...chosen, conditioning };
  const notes = {
    kind: 'ddpm',
    dataset: dataset.name,
    seed: String(options.seed),
    batchSize: String(options.batchSize),
    ...(conditioning && { attributes: Object.keys(conditioning.attributes).join() }),
  };
  const resumed = command.resume ? await readCheckpoint(command.out, notes) : null;
  if (resumed) checkCheckpoint(resumed, conditionedShapes(config, conditioning), false, command.out);
  const backend = await openNodeBackend(command.backend);
  console.log(`train ddpm: ${backend.backend}; ${backend.reason}`);
  const workers = command.workers > 1 && backend.backend === 'wasm' ? startGradientWorkers(command.workers) : [];
  const origin = { dataset, indices: split.train, vae, ...encodeOptions(command), backend: backend.backend };
  const encoded = await openLatents('train ddpm', origin, command.out, workers);
  const latents = { ...encoded, attributes: attributesOfLatents(dataset, split.train, encoded) };
  const statistics = latentStatistics(latents);
  const source = workers.length > 0 ? dataParallelGradients(diffusionTaskSpec(config, options), workers) : undefined;
  const trainer = diffusionTrainer(latents, statistics, config, options, resumed ?? network.weights, source);
  const credit = combineCredits([dataset, await readCredit(command.vae), folder ? await readCredit(folder) : null]);
  const content = async (): Promise<ModelContent> => {
    const unet = { config, weights: await downloadWeights(trainer.ema) };
    return modelContent({ ...dataset, ...credit }, vae, statistics, unet, options);
  };
  const examples = examplesOf(dataset, split);
  try {
    await runTraining({
      title: 'train ddpm',
      out: command.out,
      trainer,
      notes,
      previewMinutes: command.previewMinutes,
      save: async ({ step }) => {
        const files = await modelFolderFiles(await content(), { dtype: 'F16' });
        await writeFilesAtomic(command.out, files);
        await writePreview(command.out, step, files, examples);
      },
    });
  } finally {
    await trainer.dispose();
    backend.release();
  }
}

/** The attributes that --attributes names; without it all, and none for `none`. */
function chooseAttributes({ attributes = [] }: Dataset, names?: string[]): AttributeColumn[] {
  if (names?.join() === 'none') return [];
  try {
    return names ? selectColumns(attributes, names) : [...attributes];
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(`--attributes: ${error.message}`) : error;
  }
}

/** Latents are those of the encoded images, once for each way in which they are looked at. */
function attributesOfLatents(dataset: Dataset, indices: Int32Array, { classLabels }: LatentDataset): Float32Array {
  const imageOf = (_: number, latent: number) => indices[latent % indices.length]!;
  return encodeColumns(dataset.attributes ?? [], classLabels.map(imageOf));
}

const EXAMPLES_PER_LABEL = 3;

/** Pictures that the model has not seen, if there are any, and what they show; none where nothing is known of them. */
function examplesOf(dataset: Dataset, { train, heldOut }: DatasetSplit): LabelledPicture[] {
  if (!dataset.attributes?.length) return [];
  return drawExamples(dataset, heldOut.length > 0 ? heldOut : train, EXAMPLES_PER_LABEL);
}

function diffusionOptions(command: DdpmCommandOptions): DiffusionOptions {
  if (command.steps === undefined && command.minutes === undefined) {
    throw new UsageError('train: say how long: --steps n or --minutes n');
  }
  const batchSize = command.batch ?? DIFFUSION_DEFAULTS.batchSize;
  return {
    ...DIFFUSION_DEFAULTS,
    seed: command.seed,
    predictionType: command.prediction,
    betaSchedule: command.schedule,
    condDropProb: command.condDropProb ?? DIFFUSION_DEFAULTS.condDropProb,
    minSnrGamma: command.minSnrGamma ?? null,
    balanced: command.balanced ?? false,
    circular: command.circular ?? false,
    batchSize,
    microBatchSize: command.microBatch ?? Math.min(batchSize, DIFFUSION_DEFAULTS.microBatchSize),
    learningRate: command.learningRate ?? DIFFUSION_DEFAULTS.learningRate,
    numSteps: command.steps ?? null,
    numMinutes: command.minutes ?? null,
  };
}

const encodeOptions = ({ circular = false, flip = false }: DdpmCommandOptions) => ({
  circular,
  flip,
});

/**
 * One row of samples for each label, from the model as it is stored; of a model with attributes also samples that ought to
 * show what the picture to the left of them shows.
 */
async function writePreview(
  out: string,
  step: number,
  files: Record<string, Uint8Array>,
  examples: LabelledPicture[],
): Promise<void> {
  const model = createModel(await loadModelFolder(memorySource(files)));
  try {
    const name = `preview-${String(step).padStart(6, '0')}.png`;
    const sheet = await (examples.length > 0 ? attributeSheet(model, examples) : sampleSheet(model));
    await writeFileAtomic(`${out}/${name}`, encodePng(scaleSheet(sheet, 2)));
  } finally {
    model.dispose();
  }
}
