import { join } from 'node:path';
import {
  CONDITIONAL_VAE_DEFAULTS,
  type ConditionalVaeOptions,
  type CvaeNetwork,
  conditionalVaeShapes,
  conditionalVaeTaskSpec,
  conditionalVaeTrainer,
  cvaeReconstructionSheet,
  cvaeSheet,
  type Dataset,
  dataParallelGradients,
  defaultConditionalVaeConfig,
  downloadWeights,
  type ModelContent,
  scaleSheet,
  writeSafetensors,
} from '../../runtime/index.ts';
import { writeFileAtomic, writeFilesAtomic } from '../node/atomicWrite.ts';
import { CREDIT_FILE, combineCredits, readCredit } from '../node/credit.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { startGradientWorkers } from '../node/nodeWorkers.ts';
import { encodePng } from '../node/png.ts';
import { readConditionalVae, WEIGHTS_FILE } from '../node/readNetworks.ts';
import { readWholeModel } from '../node/replaceVae.ts';
import { UsageError } from '../node/usageError.ts';
import { addCvae, checkSameLabels } from './addCvae.ts';
import type { CommonTrainOptions } from './train.ts';
import { checkCheckpoint, readCheckpoint, readTrainingData, runTraining, startFolder } from './trainingRun.ts';

interface ConditionalVaeCommandOptions extends CommonTrainOptions {
  latentSize?: number;
  klWeight?: number;
  klWarmup?: number;
  gradientWeight?: number;
  addTo?: string;
}

/** figment train cvae */
export async function trainConditionalVae(command: ConditionalVaeCommandOptions): Promise<void> {
  const options = cvaeOptions(command);
  const { dataset, split } = await readTrainingData(command);
  const folder = startFolder(command, 'cvae');
  const init = folder ? await readConditionalVae(folder) : null;
  const config = init?.config ?? defaultConditionalVaeConfig(dataset, command.latentSize);
  if (config.num_labels !== dataset.labels.length) {
    throw new UsageError(
      `train cvae: ${folder} knows ${config.num_labels} labels, the data has ${dataset.labels.length}; choose them with --labels, or leave out --init-from`,
    );
  }
  const { addTo } = command;
  const model = addTo === undefined ? null : await readWholeModel(addTo);
  if (model) checkSameLabels(model, dataset.labels, addTo!);
  const notes = {
    kind: 'cvae',
    dataset: dataset.name,
    seed: String(options.seed),
    batchSize: String(options.batchSize),
  };
  const credit = combineCredits([dataset, folder ? await readCredit(folder) : null]);
  const resumed = command.resume ? await readCheckpoint(command.out, notes) : null;
  if (resumed) checkCheckpoint(resumed, conditionalVaeShapes(config), false, command.out);
  const backend = await openNodeBackend(command.backend);
  console.log(
    `train cvae: ${backend.backend}; ${backend.reason} ${split.train.length} images, ${split.heldOut.length} held out`,
  );
  const parallel = command.workers > 1 && backend.backend === 'wasm';
  const source = parallel
    ? dataParallelGradients(conditionalVaeTaskSpec(config, options), startGradientWorkers(command.workers))
    : undefined;
  const trainer = conditionalVaeTrainer(dataset, split.train, config, options, resumed ?? init?.weights, source);
  const cvae = { config, weights: trainer.ema };
  try {
    await runTraining({
      title: 'train cvae',
      out: command.out,
      trainer,
      notes,
      previewMinutes: command.previewMinutes,
      save: async ({ step }) => {
        await writeFilesAtomic(command.out, { [CREDIT_FILE]: encodeJson(credit) });
        const trained = {
          cvaeConfig: { _class_name: CLASS_NAME, ...config },
          cvae: await downloadWeights(cvae.weights),
        };
        await writeFilesAtomic(join(command.out, 'cvae'), cvaeFiles(trained));
        if (model) await writeFilesAtomic(addTo!, await addCvae(model, trained));
        await writePreviews(command.out, step, dataset, split.heldOut, cvae);
      },
    });
  } finally {
    await trainer.dispose();
    backend.release();
  }
}

function cvaeOptions(command: ConditionalVaeCommandOptions): ConditionalVaeOptions {
  if (command.steps === undefined && command.minutes === undefined) {
    throw new UsageError('train: say how long: --steps n or --minutes n');
  }
  const batchSize = command.batch ?? CONDITIONAL_VAE_DEFAULTS.batchSize;
  return {
    ...CONDITIONAL_VAE_DEFAULTS,
    seed: command.seed,
    klWeight: command.klWeight ?? CONDITIONAL_VAE_DEFAULTS.klWeight,
    klWarmupSteps: command.klWarmup ?? CONDITIONAL_VAE_DEFAULTS.klWarmupSteps,
    gradientWeight: command.gradientWeight ?? CONDITIONAL_VAE_DEFAULTS.gradientWeight,
    balanced: command.balanced ?? false,
    augment: { flip: command.flip ?? false, shiftPx: command.shift, circular: command.circular ?? false },
    batchSize,
    microBatchSize: command.microBatch ?? Math.min(batchSize, CONDITIONAL_VAE_DEFAULTS.microBatchSize),
    learningRate: command.learningRate ?? CONDITIONAL_VAE_DEFAULTS.learningRate,
    numSteps: command.steps ?? null,
    numMinutes: command.minutes ?? null,
  };
}

const encodeJson = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);

const CLASS_NAME = 'ClassConditionalVae';

/** cvae/ as a model folder has it, float16. */
function cvaeFiles({ cvaeConfig, cvae }: Required<Pick<ModelContent, 'cvaeConfig' | 'cvae'>>) {
  return {
    [WEIGHTS_FILE]: writeSafetensors(cvae, { dtype: 'F16', metadata: { format: 'pt' } }),
    'config.json': encodeJson(cvaeConfig),
  };
}

const PREVIEW_COLUMNS = 12;

/** A sheet of samples, and one of held-out images, each above its reconstruction. */
async function writePreviews(
  out: string,
  step: number,
  dataset: Dataset,
  heldOut: Int32Array,
  cvae: CvaeNetwork,
): Promise<void> {
  const name = String(step).padStart(6, '0');
  const samples = scaleSheet(await cvaeSheet(cvae, dataset, PREVIEW_COLUMNS), 2);
  await writeFileAtomic(join(out, `samples-${name}.png`), encodePng(samples));
  const count = 4 * PREVIEW_COLUMNS;
  const chosen = Int32Array.from({ length: count }, (_, i) => heldOut[Math.floor((i * heldOut.length) / count)]!);
  const { sheet, l1 } = await cvaeReconstructionSheet(cvae, dataset, chosen, PREVIEW_COLUMNS);
  const pixels = { ...scaleSheet(sheet, 2), text: { heldOutL1: l1.toFixed(5) } };
  await writeFileAtomic(join(out, `preview-${name}.png`), encodePng(pixels));
  console.log(`\nsamples-${name}.png, preview-${name}.png: held-out L1 ${l1.toFixed(4)}`);
}
