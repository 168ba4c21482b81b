import {
  createModel,
  DIFFUSION_DEFAULTS,
  type DiffusionOptions,
  dataParallelGradients,
  defaultUNetConfig,
  diffusionTaskSpec,
  diffusionTrainer,
  downloadWeights,
  latentShape,
  latentStatistics,
  loadModelFolder,
  type ModelContent,
  memorySource,
  modelContent,
  modelFolderFiles,
  type PredictionType,
  relabel,
  sampleSheet,
  scaleSheet,
  unet2dShapes,
} from '../../runtime/index.ts';
import { writeFileAtomic, writeFilesAtomic } from '../node/atomicWrite.ts';
import { combineCredits, readCredit } from '../node/credit.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { startGradientWorkers } from '../node/nodeWorkers.ts';
import { openLatents } from '../node/openLatents.ts';
import { encodePng } from '../node/png.ts';
import { readLabels, readUNet, readVae } from '../node/readNetworks.ts';
import { UsageError } from '../node/usageError.ts';
import { checkCheckpoint, readCheckpoint, startFolder } from './trainingCheckpoint.ts';
import { type CommonTrainOptions, readTrainingData, runTraining } from './trainingRun.ts';

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
  const latents = await openLatents('train ddpm', origin, command.out, workers);
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
