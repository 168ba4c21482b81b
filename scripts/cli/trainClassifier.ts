import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import {
  type ClassifierIndex,
  classifierFolderFiles,
  type Dataset,
  dataParallelGradients,
  defaultNoisyClassifierConfig,
  downloadWeights,
  fitImages,
  latentShape,
  loadClassifierFolder,
  loadModelFolder,
  localEncoder,
  type ModelFiles,
  NOISY_CLASSIFIER_DEFAULTS,
  type NoisyAccuracy,
  type NoisyClassifierOptions,
  noisyAccuracy,
  noisyClassifierShapes,
  noisyClassifierTaskSpec,
  noisyClassifierTrainer,
  parseAutoencoderKlConfig,
  parseNoisyClassifierConfig,
  parseSchedulerConfig,
} from '../../runtime/index.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { combineCredits } from '../node/credit.ts';
import { diskSource } from '../node/diskSource.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { startGradientWorkers } from '../node/nodeWorkers.ts';
import { encodeAll, openLatents } from '../node/openLatents.ts';
import { modelSource } from '../node/openModel.ts';
import { UsageError } from '../node/usageError.ts';
import type { CommonTrainOptions } from './train.ts';
import { checkCheckpoint, readCheckpoint, readTrainingData, runTraining } from './trainingRun.ts';

interface ClassifierCommandOptions extends CommonTrainOptions {
  model: string;
}

const VAE_WEIGHTS = 'vae/diffusion_pytorch_model.safetensors';

/** figment train classifier */
export async function trainClassifier(command: ClassifierCommandOptions): Promise<void> {
  const options = classifierOptions(command);
  const model = await loadModelFolder(modelSource(command.model), { parts: ['vae', 'scheduler'] });
  const data = await readTrainingData(command);
  const [dataset, split] = [fitted(data.dataset, model), data.split];
  const circular = model.index.figment.circularPadding;
  const vae = { config: parseAutoencoderKlConfig(model.vaeConfig), weights: model.vae };
  const origin = { vaeConfig: vae.config, scheduler: parseSchedulerConfig(model.schedulerConfig, 'the model') };
  const preset = { shape: latentShape(dataset, vae.config) };
  const init = await readStart(command);
  const config = init?.config ?? defaultNoisyClassifierConfig(preset, dataset.labels.length, circular);
  const notes = {
    kind: 'classifier',
    dataset: dataset.name,
    labels: dataset.labels.join(),
    model: model.hash,
    seed: String(options.seed),
    batchSize: String(options.batchSize),
  };
  const resumed = command.resume ? await readCheckpoint(command.out, notes) : null;
  if (resumed) checkCheckpoint(resumed, noisyClassifierShapes(config), false, command.out);
  const backend = await openNodeBackend(command.backend);
  console.log(
    `train classifier: ${backend.backend}; ${backend.reason} ${split.train.length} images, ${split.heldOut.length} held out`,
  );
  const workers = command.workers > 1 && backend.backend === 'wasm' ? startGradientWorkers(command.workers) : [];
  const views = { circular, flip: command.flip ?? false };
  const encoded = { dataset, indices: split.train, vae, ...views, backend: backend.backend };
  const latents = await openLatents('train classifier', encoded, command.out, workers);
  const heldOut = await encodeAll({ ...encoded, indices: split.heldOut, flip: false }, [
    localEncoder({ ...vae, circular }),
  ]);
  const spec = noisyClassifierTaskSpec(config, origin.scheduler);
  const source = workers.length > 0 ? dataParallelGradients(spec, workers) : undefined;
  const trainer = noisyClassifierTrainer(latents, origin, config, options, resumed ?? init?.weights, source);
  try {
    await runTraining({
      title: 'train classifier',
      out: command.out,
      trainer,
      notes,
      previewMinutes: command.previewMinutes,
      save: async ({ step, numImages, elapsedMs }) => {
        const index = indexOf(command.out, dataset, model);
        const weights = await downloadWeights(trainer.ema);
        const files = await classifierFolderFiles({ index, config, weights });
        const accuracies = await noisyAccuracy(config, trainer.ema, heldOut, origin);
        const report: ClassifierReport = {
          model: model.index.figment.name,
          labels: dataset.labels,
          numTrained: split.train.length,
          numHeldOut: split.heldOut.length,
          numSteps: step,
          numImages,
          minutes: elapsedMs / 60_000,
          accuracies,
        };
        console.log(formatAccuracies(accuracies));
        const card = classifierCard(index, report);
        await writeFilesAtomic(command.out, {
          'metrics.json': new TextEncoder().encode(`${JSON.stringify(report, null, 2)}\n`),
          'README.md': new TextEncoder().encode(card),
          ...files,
        });
      },
    });
  } finally {
    await trainer.dispose();
    backend.release();
  }
}

function classifierOptions(command: ClassifierCommandOptions): NoisyClassifierOptions {
  if (command.steps === undefined && command.minutes === undefined) {
    throw new UsageError('train: say how long: --steps n or --minutes n');
  }
  const batchSize = command.batch ?? NOISY_CLASSIFIER_DEFAULTS.batchSize;
  return {
    ...NOISY_CLASSIFIER_DEFAULTS,
    seed: command.seed,
    batchSize,
    microBatchSize: command.microBatch ?? Math.min(batchSize, NOISY_CLASSIFIER_DEFAULTS.microBatchSize),
    learningRate: command.learningRate ?? NOISY_CLASSIFIER_DEFAULTS.learningRate,
    numSteps: command.steps ?? null,
    numMinutes: command.minutes ?? null,
  };
}

function fitted(dataset: Dataset, { index }: ModelFiles): Dataset {
  try {
    return fitImages(dataset, index.figment);
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(`train classifier: ${error.message}`) : error;
  }
}

/** The classifier to begin with: that of --init-from, or the run's own. */
async function readStart({ initFrom, resume, out }: ClassifierCommandOptions) {
  const folder = initFrom ?? (resume && existsSync(join(out, 'config.json')) ? out : null);
  if (folder === null) return null;
  const { config, weights } = await loadClassifierFolder(diskSource(folder));
  return { config: parseNoisyClassifierConfig(config, join(folder, 'config.json')), weights: new Map(weights) };
}

function indexOf(out: string, dataset: Dataset, { index, schedulerConfig }: ModelFiles): ClassifierIndex {
  const { figment } = index;
  return {
    labels: dataset.labels,
    figment: {
      version: 1,
      name: basename(resolve(out)),
      ...combineCredits([dataset, figment]),
      model: { name: figment.name, vaeSha256: figment.sha256[VAE_WEIGHTS] ?? null },
      scheduler: schedulerConfig as Record<string, unknown>,
      sha256: null,
    },
  };
}

/** What a training of a classifier has come to: metrics.json. */
interface ClassifierReport {
  model: string;
  labels: string[];
  numTrained: number;
  numHeldOut: number;
  numSteps: number;
  numImages: number;
  minutes: number;
  /** On held-out pictures, by noise level. */
  accuracies: NoisyAccuracy[];
}

const HEADER = ['t', 'signal ᾱ', 'accuracy', 'log loss'];

function cells({ t, alphaBar, accuracy, logLoss }: NoisyAccuracy): string[] {
  return [String(t), alphaBar.toPrecision(3), accuracy.toFixed(3), logLoss.toFixed(3)];
}

/** A table for the terminal, one line a noise level. */
function formatAccuracies(accuracies: readonly NoisyAccuracy[]): string {
  const rows = [HEADER, ...accuracies.map(cells)];
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths[column]!)).join('  ')).join('\n');
}

/** README.md of a classifier's folder. */
function classifierCard({ figment, labels }: ClassifierIndex, report: ClassifierReport): string {
  const rows = [HEADER, HEADER.map(() => '---:'), ...report.accuracies.map(cells)];
  return `# ${figment.name}

Noise-aware classifier of the latents of **${figment.model.name}**: ${labels.join(', ')}. It guides that model, without
retraining it: \`figment bake ${figment.model.name} --classifier FOLDER --classifier-label ${labels[0]} --out out\`.

- **Data:** ${report.numTrained} pictures, and ${report.numHeldOut} held out.
- **Licence:** ${figment.licence || 'unstated'}. ${figment.attribution}
- **Training:** ${report.numSteps} steps, ${report.numImages} noised pictures, ${report.minutes.toFixed(1)} minutes.

Held-out pictures recognised, by noise level, each label weighted alike (chance: ${(1 / labels.length).toFixed(2)}):

${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}
`;
}
