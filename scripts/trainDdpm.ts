import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import {
  createModel,
  DIFFUSION_DEFAULTS,
  type DiffusionOptions,
  dataParallelGradients,
  defaultUNetConfig,
  diffusionTaskSpec,
  diffusionTrainer,
  downloadWeights,
  encodeDataset,
  type GradientWorker,
  type LatentDataset,
  type LatentEncoder,
  latentShape,
  latentStatistics,
  loadModelFolder,
  localEncoder,
  type ModelContent,
  memorySource,
  modelContent,
  modelFolderFiles,
  type PredictionType,
  relabel,
  sampleSheet,
  scaleSheet,
  unet2dShapes,
  workerEncoder,
} from '../runtime/index.ts';
import { writeFileAtomic, writeFilesAtomic } from './io/atomicWrite.ts';
import { UsageError } from './io/cliErrors.ts';
import { combineCredits, readCredit } from './io/credit.ts';
import { LATENTS_FILE, type LatentOrigin, latentKey, readLatents, writeLatents } from './io/latentCache.ts';
import { openNodeBackend } from './io/nodeBackend.ts';
import { startGradientWorkers } from './io/nodeWorkers.ts';
import { encodePng } from './io/png.ts';
import { startProgress } from './io/progress.ts';
import { readLabels, readUNet, readVae } from './io/readNetworks.ts';
import { readTrainingData } from './io/trainingData.ts';
import { checkCheckpoint, readCheckpoint, runTraining, startFolder } from './io/trainingRun.ts';
import type { CommonTrainOptions } from './train.ts';

interface DdpmCommandOptions extends CommonTrainOptions {
  vae: string;
  prediction: PredictionType;
  schedule: DiffusionOptions['betaSchedule'];
  condDropProb?: number;
  minSnrGamma?: number;
}

/** figment train ddpm */
export async function trainDdpm(command: DdpmCommandOptions): Promise<void> {
  const options = diffusionOptions(command);
  const { dataset, split } = await readTrainingData(command);
  const vae = await readVae(command.vae);
  const notes = {
    kind: 'ddpm',
    dataset: dataset.name,
    seed: String(options.seed),
    batchSize: String(options.batchSize),
  };
  const folder = startFolder(command, 'unet');
  const init = folder ? await readUNetFor(folder, dataset.labels, command.seed) : null;
  const usual = defaultUNetConfig({ shape: latentShape(dataset, vae.config) }, dataset.labels.length);
  const config = init ? { ...init.config, sample_size: usual.sample_size } : usual;
  const resumed = command.resume ? await readCheckpoint(command.out, notes) : null;
  if (resumed) checkCheckpoint(resumed, unet2dShapes(config), false, command.out);
  const backend = await openNodeBackend(command.backend);
  console.log(`train ddpm: ${backend.backend}; ${backend.reason}`);
  const workers = command.workers > 1 && backend.backend === 'wasm' ? startGradientWorkers(command.workers) : [];
  const origin = { dataset, indices: split.train, vae, ...encodeOptions(command), backend: backend.backend };
  const latents = await latentsOf(origin, command.out, workers);
  const statistics = latentStatistics(latents);
  const source = workers.length > 0 ? dataParallelGradients(diffusionTaskSpec(config, options), workers) : undefined;
  const trainer = diffusionTrainer(latents, statistics, config, options, resumed ?? init?.weights, source);
  const credit = combineCredits([dataset, await readCredit(command.vae), folder ? await readCredit(folder) : null]);
  const content = async (): Promise<ModelContent> => {
    const unet = { config, weights: await downloadWeights(trainer.ema) };
    return modelContent({ ...dataset, ...credit }, vae, statistics, unet, options);
  };
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
        await writePreview(command.out, step, files);
      },
    });
  } finally {
    await trainer.dispose();
    backend.release();
  }
}

/** The U-Net to begin with; one of a model with other labels keeps what it knows but for them. */
async function readUNetFor(folder: string, labels: readonly string[], seed: number) {
  const network = await readUNet(folder);
  const known = await readLabels(folder);
  return known ? relabel(network, known, labels, seed) : network;
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
    toroidal: command.toroidal ?? false,
    batchSize,
    microBatchSize: command.microBatch ?? Math.min(batchSize, DIFFUSION_DEFAULTS.microBatchSize),
    learningRate: command.learningRate ?? DIFFUSION_DEFAULTS.learningRate,
    numSteps: command.steps ?? null,
    numMinutes: command.minutes ?? null,
  };
}

const encodeOptions = ({ circular = false, flip = false, toroidal = false }: DdpmCommandOptions) => ({
  circular,
  flip,
  toroidal,
});

/** The latents that the run has stored, else encoded anew, by the workers if there are any, and stored. */
async function latentsOf(origin: LatentOrigin, out: string, workers: GradientWorker[]): Promise<LatentDataset> {
  const key = latentKey(origin);
  const stored = await readLatents(out, key);
  if (stored) {
    console.log(`train ddpm: ${stored.classLabels.length} images encoded before, in ${join(out, LATENTS_FILE)}`);
    return stored;
  }
  const { vae, circular } = origin;
  const spec = { ...vae, circular };
  const encoders = workers.length > 0 ? workers.map((worker) => workerEncoder(worker, spec)) : [localEncoder(spec)];
  try {
    const latents = await encodeAll(origin, encoders);
    await writeLatents(out, key, latents);
    return latents;
  } catch (error) {
    await Promise.all(workers.map((worker) => worker.terminate()));
    throw error;
  }
}

async function encodeAll(origin: LatentOrigin, encoders: LatentEncoder[]): Promise<LatentDataset> {
  const { dataset, indices, vae, flip, toroidal } = origin;
  const progress = startProgress('encode');
  try {
    return await encodeDataset(
      dataset,
      indices,
      vae.config,
      encoders,
      { flip, toroidal },
      async ({ numDone, numImages }) => {
        progress.update(numDone / numImages, `${numDone} images`);
        await setImmediate(); // lets the progress line and Ctrl-C in
      },
    );
  } finally {
    progress.stop();
    for (const encoder of encoders) encoder.dispose();
  }
}

/** One row of samples for each label, from the model as it is stored. */
async function writePreview(out: string, step: number, files: Record<string, Uint8Array>): Promise<void> {
  const model = createModel(await loadModelFolder(memorySource(files)));
  try {
    const name = `preview-${String(step).padStart(6, '0')}.png`;
    await writeFileAtomic(`${out}/${name}`, encodePng(scaleSheet(await sampleSheet(model), 2)));
  } finally {
    model.dispose();
  }
}
