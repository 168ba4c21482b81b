import { join } from 'node:path';
import {
  type Dataset,
  dataParallelGradients,
  defaultVaePriorConfig,
  downloadWeights,
  type ModelContent,
  type PriorNetwork,
  priorReconstructionSheet,
  priorSheet,
  scaleSheet,
  VAE_PRIOR_DEFAULTS,
  type VaePriorOptions,
  vaePriorShapes,
  vaePriorTaskSpec,
  vaePriorTrainer,
  writeSafetensors,
} from '../../runtime/index.ts';
import { writeFileAtomic, writeFilesAtomic } from '../node/atomicWrite.ts';
import { UsageError } from '../node/cliErrors.ts';
import { CREDIT_FILE, combineCredits, readCredit } from '../node/credit.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { startGradientWorkers } from '../node/nodeWorkers.ts';
import { encodePng } from '../node/png.ts';
import { readVaePrior, WEIGHTS_FILE } from '../node/readNetworks.ts';
import { readWholeModel } from '../node/replaceVae.ts';
import { addPrior, checkSameLabels } from './addCvae.ts';
import type { CommonTrainOptions } from './train.ts';
import { readTrainingData } from './trainingData.ts';
import { checkCheckpoint, readCheckpoint, runTraining, startFolder } from './trainingRun.ts';

interface VaePriorCommandOptions extends CommonTrainOptions {
  latentSize?: number;
  klWeight?: number;
  klWarmup?: number;
  gradientWeight?: number;
  addTo?: string;
}

/** figment train vae-prior */
export async function trainVaePrior(command: VaePriorCommandOptions): Promise<void> {
  const options = priorOptions(command);
  const { dataset, split } = await readTrainingData(command);
  const folder = startFolder(command, 'vae_prior');
  const init = folder ? await readVaePrior(folder) : null;
  const config = init?.config ?? defaultVaePriorConfig(dataset, command.latentSize);
  if (config.num_labels !== dataset.labels.length) {
    throw new UsageError(
      `train vae-prior: ${folder} knows ${config.num_labels} labels, the data has ${dataset.labels.length}; choose them with --labels, or leave out --init-from`,
    );
  }
  const { addTo } = command;
  const model = addTo === undefined ? null : await readWholeModel(addTo);
  if (model) checkSameLabels(model, dataset.labels, addTo!);
  const notes = {
    kind: 'vae-prior',
    dataset: dataset.name,
    seed: String(options.seed),
    batchSize: String(options.batchSize),
  };
  const credit = combineCredits([dataset, folder ? await readCredit(folder) : null]);
  const resumed = command.resume ? await readCheckpoint(command.out, notes) : null;
  if (resumed) checkCheckpoint(resumed, vaePriorShapes(config), false, command.out);
  const backend = await openNodeBackend(command.backend);
  console.log(
    `train vae-prior: ${backend.backend}; ${backend.reason} ${split.train.length} images, ${split.heldOut.length} held out`,
  );
  const parallel = command.workers > 1 && backend.backend === 'wasm';
  const source = parallel
    ? dataParallelGradients(vaePriorTaskSpec(config, options), startGradientWorkers(command.workers))
    : undefined;
  const trainer = vaePriorTrainer(dataset, split.train, config, options, resumed ?? init?.weights, source);
  const prior = { config, weights: trainer.ema };
  try {
    await runTraining({
      title: 'train vae-prior',
      out: command.out,
      trainer,
      notes,
      previewMinutes: command.previewMinutes,
      save: async ({ step }) => {
        await writeFilesAtomic(command.out, { [CREDIT_FILE]: encodeJson(credit) });
        const trained = {
          priorConfig: { _class_name: CLASS_NAME, ...config },
          prior: await downloadWeights(prior.weights),
        };
        await writeFilesAtomic(join(command.out, 'vae_prior'), priorFiles(trained));
        if (model) await writeFilesAtomic(addTo!, await addPrior(model, trained));
        await writePreviews(command.out, step, dataset, split.heldOut, prior);
      },
    });
  } finally {
    await trainer.dispose();
    backend.release();
  }
}

function priorOptions(command: VaePriorCommandOptions): VaePriorOptions {
  if (command.steps === undefined && command.minutes === undefined) {
    throw new UsageError('train: say how long: --steps n or --minutes n');
  }
  const batchSize = command.batch ?? VAE_PRIOR_DEFAULTS.batchSize;
  return {
    ...VAE_PRIOR_DEFAULTS,
    seed: command.seed,
    klWeight: command.klWeight ?? VAE_PRIOR_DEFAULTS.klWeight,
    klWarmupSteps: command.klWarmup ?? VAE_PRIOR_DEFAULTS.klWarmupSteps,
    gradientWeight: command.gradientWeight ?? VAE_PRIOR_DEFAULTS.gradientWeight,
    balanced: command.balanced ?? false,
    augment: { flip: command.flip ?? false, shiftPx: command.shift, toroidal: command.toroidal ?? false },
    batchSize,
    microBatchSize: command.microBatch ?? Math.min(batchSize, VAE_PRIOR_DEFAULTS.microBatchSize),
    learningRate: command.learningRate ?? VAE_PRIOR_DEFAULTS.learningRate,
    numSteps: command.steps ?? null,
    numMinutes: command.minutes ?? null,
  };
}

const encodeJson = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);

const CLASS_NAME = 'ClassConditionalVae';

/** vae_prior/ as a model folder has it, float16. */
function priorFiles({ priorConfig, prior }: Required<Pick<ModelContent, 'priorConfig' | 'prior'>>) {
  return {
    [WEIGHTS_FILE]: writeSafetensors(prior, { dtype: 'F16', metadata: { format: 'pt' } }),
    'config.json': encodeJson(priorConfig),
  };
}

const PREVIEW_COLUMNS = 12;

/** A sheet of samples, and one of held-out images, each above its reconstruction. */
async function writePreviews(
  out: string,
  step: number,
  dataset: Dataset,
  heldOut: Int32Array,
  prior: PriorNetwork,
): Promise<void> {
  const name = String(step).padStart(6, '0');
  const samples = scaleSheet(await priorSheet(prior, dataset, PREVIEW_COLUMNS), 2);
  await writeFileAtomic(join(out, `samples-${name}.png`), encodePng(samples));
  const count = 4 * PREVIEW_COLUMNS;
  const chosen = Int32Array.from({ length: count }, (_, i) => heldOut[Math.floor((i * heldOut.length) / count)]!);
  const { sheet, l1 } = await priorReconstructionSheet(prior, dataset, chosen, PREVIEW_COLUMNS);
  const pixels = { ...scaleSheet(sheet, 2), text: { heldOutL1: l1.toFixed(5) } };
  await writeFileAtomic(join(out, `preview-${name}.png`), encodePng(pixels));
  console.log(`\nsamples-${name}.png, preview-${name}.png: held-out L1 ${l1.toFixed(4)}`);
}
