import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { encodeJson } from '../../runtime/core/encodeJson.ts';
import { VAE_WEIGHTS_FILE } from '../../runtime/core/fileNames.ts';
import {
  type ClassifierIndex,
  classifierFolderFiles,
  type Dataset,
  defaultNoisyClassifierConfig,
  downloadWeights,
  fitImages,
  latentShape,
  loadClassifierFolder,
  loadModelFolder,
  localEncoder,
  MissingFileError,
  type ModelFiles,
  NOISY_CLASSIFIER_DEFAULTS,
  type NoisyAccuracy,
  type NoisyClassifierConfig,
  noisyAccuracy,
  noisyClassifierShapes,
  noisyClassifierTaskSpec,
  noisyClassifierTrainer,
  parseAutoencoderKlConfig,
  parseNoisyClassifierConfig,
  parseSchedulerConfig,
  type Trainer,
} from '../../runtime/index.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { combineCredits } from '../node/credit.ts';
import { diskSource } from '../node/diskSource.ts';
import { encodeAll, openLatents } from '../node/openLatents.ts';
import { modelSource, shippedClassifierFolder } from '../node/openModel.ts';
import { rangeAsUsageError, UsageError } from '../node/usageError.ts';
import { holdsOwnModel } from './trainingCheckpoint.ts';
import { readTrainingData, type TrainingData } from './trainingData.ts';
import { checkFrames } from './trainingOfFrames.ts';
import { type CommonTrainOptions, gradientsIn, train, trainerOptions } from './trainingRun.ts';

interface ClassifierCommandOptions extends CommonTrainOptions {
  model: string;
}

const NOT_JUDGED = 'train classifier: no picture is held out to tell how well it recognises them; raise --held-out';

/** figment train classifier */
export async function trainClassifier(command: ClassifierCommandOptions): Promise<void> {
  refuseForeignCard(command);
  const options = trainerOptions(command, NOISY_CLASSIFIER_DEFAULTS);
  const model = await readGuided(command.model);
  const read = await readTrainingData(command);
  checkLabels(read.dataset);
  checkFrames('train classifier', read.dataset, command);
  const data = { dataset: fitted(read.dataset, model), split: read.split };
  const { dataset, split } = data;
  const circular = model.index.figment.circularPadding;
  const vae = { config: parseAutoencoderKlConfig(model.vaeConfig), weights: model.vae };
  const origin = { vaeConfig: vae.config, scheduler: parseSchedulerConfig(model.schedulerConfig, 'the model') };
  const init = await readStart(command);
  const shape = latentShape(dataset, vae.config);
  const usual = defaultNoisyClassifierConfig({ shape }, dataset.labels.length, circular);
  if (init && command.initFrom !== undefined) checkStart(command.initFrom, init.config, usual);
  const config = init?.config ?? usual;
  await train(command, {
    kind: 'classifier',
    data,
    options,
    notes: { labels: dataset.labels.join(), model: model.hash },
    shapes: noisyClassifierShapes(config),
    start: async ({ backend, workers, resumed }) => {
      const views = { circular, isShifted: circular, flip: command.flip ?? false };
      const encoded = { dataset, indices: split.train, vae, ...views, backend };
      const latents = await openLatents('train classifier', encoded, command.out, workers);
      const encoder = localEncoder({ ...vae, circular });
      const hasHeldOut = split.heldOut.length > 0;
      const heldOut = await encodeAll({ ...encoded, indices: split.heldOut, flip: false }, [encoder]);
      const source = gradientsIn(workers, noisyClassifierTaskSpec(config, origin.scheduler));
      const trainer = noisyClassifierTrainer(latents, origin, config, options, resumed ?? init?.weights, source);
      return {
        trainer,
        save: async (done) => {
          const accuracies = hasHeldOut ? await noisyAccuracy(config, trainer.ema, heldOut, origin) : [];
          console.log(hasHeldOut ? formatAccuracies(accuracies) : NOT_JUDGED);
          const index = indexOf(command.out, dataset, model);
          const weights = await downloadWeights(trainer.ema);
          await saveClassifier(
            command.out,
            { index, config: { ...config }, weights },
            reportOf(index, data, done, accuracies),
          );
        },
      };
    },
  });
}

/** Writes the classifier, what was measured of it, and its card. */
async function saveClassifier(
  out: string,
  content: Parameters<typeof classifierFolderFiles>[0],
  report: ClassifierReport,
): Promise<void> {
  const files = await classifierFolderFiles(content);
  await writeFilesAtomic(out, {
    'metrics.json': encodeJson(report),
    'README.md': new TextEncoder().encode(classifierCard(content.index, report)),
    ...files,
  });
}

/** @throws UsageError for a README.md that no training of a classifier has written, such as that of a data set */
function refuseForeignCard({ out }: ClassifierCommandOptions): void {
  const isOwn = ['config.json', 'checkpoint.safetensors'].some((file) => existsSync(join(out, file)));
  if (isOwn || !existsSync(join(out, 'README.md'))) return;
  throw new UsageError(`train classifier: ${out} holds a README.md, which its own would replace; choose another --out`);
}

/** The parts of the model to guide that its classifier needs. @throws UsageError for a model without an auto-encoder */
async function readGuided(name: string): Promise<ModelFiles> {
  const source = modelSource(name);
  try {
    return await loadModelFolder(source, { parts: ['vae', 'scheduler'] });
  } catch (error) {
    if (!(error instanceof MissingFileError && error.fileName.endsWith('/vae/config.json'))) throw error;
    throw new UsageError(
      `train classifier: ${name} has no auto-encoder, and a classifier tells latents apart; name a model that was trained with --vae`,
    );
  }
}

/** @throws UsageError when there is nothing to tell apart */
function checkLabels({ labels }: Dataset): void {
  if (labels.length > 1) return;
  throw new UsageError(`train classifier: all pictures are of the label ${labels[0]}; expected two labels or more`);
}

function reportOf(
  { figment, labels }: ClassifierIndex,
  { split }: TrainingData,
  { step, numImages, elapsedMs }: Trainer['done'],
  accuracies: NoisyAccuracy[],
): ClassifierReport {
  return {
    model: figment.model.name,
    labels,
    numTrained: split.train.length,
    numHeldOut: split.heldOut.length,
    numSteps: step,
    numImages,
    minutes: elapsedMs / 60_000,
    accuracies,
  };
}

function fitted(dataset: Dataset, { index }: ModelFiles): Dataset {
  return rangeAsUsageError(() => fitImages(dataset, index.figment), 'train classifier');
}

/** The classifier to begin with: that of --init-from, or the run's own. */
async function readStart({ initFrom, resume, out }: ClassifierCommandOptions) {
  const begun = resume && holdsOwnModel(out) && existsSync(join(out, 'config.json')) ? out : null;
  const folder = initFrom === undefined ? begun : (shippedClassifierFolder(initFrom) ?? initFrom);
  if (folder === null) return null;
  const { config, weights } = await loadClassifierFolder(diskSource(folder));
  return { config: parseNoisyClassifierConfig(config, join(folder, 'config.json')), weights: new Map(weights) };
}

/** @throws UsageError when the classifier to begin with is not one that the data and the model could have */
function checkStart(folder: string, start: NoisyClassifierConfig, usual: NoisyClassifierConfig): void {
  const [found, expected] = [start, usual].map(
    ({ num_labels, in_channels, circular_padding }) =>
      `${num_labels} labels, latents of ${in_channels} channels and convolutions that ${circular_padding ? 'wrap around' : 'end at the borders'}`,
  );
  if (found === expected) return;
  throw new UsageError(
    `train classifier: the classifier of --init-from ${folder} is of ${found}, this training of ${expected}; name a classifier like that, or leave out --init-from`,
  );
}

function indexOf(out: string, dataset: Dataset, { index, schedulerConfig }: ModelFiles): ClassifierIndex {
  const { figment } = index;
  return {
    labels: dataset.labels,
    figment: {
      version: 1,
      name: basename(resolve(out)),
      ...combineCredits([dataset, figment]),
      model: { name: figment.name, vaeSha256: figment.sha256[VAE_WEIGHTS_FILE] ?? null },
      scheduler: schedulerConfig as Record<string, unknown>,
      sha256: null,
    },
  };
}

/** Results of a classifier's training, written to metrics.json. */
interface ClassifierReport {
  model: string;
  labels: string[];
  numTrained: number;
  numHeldOut: number;
  numSteps: number;
  numImages: number;
  minutes: number;
  /** Accuracy on held-out pictures, by noise level; empty where none is held out. */
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
  return `# ${figment.name}

Noise-aware classifier of the latents of **${figment.model.name}**: ${labels.join(', ')}. It guides that model, without
retraining it: \`figment bake ${figment.model.name} --classifier FOLDER --classifier-label ${labels[0]} --out out\`.

- **Data:** ${report.numTrained} pictures, and ${report.numHeldOut} held out.
- **Licence:** ${figment.licence || 'unstated'}. ${figment.attribution}
- **Training:** ${report.numSteps} steps, ${report.numImages} noised pictures, ${report.minutes.toFixed(1)} minutes.

${accuracyTable(report)}
`;
}

function accuracyTable({ labels, accuracies }: ClassifierReport): string {
  if (accuracies.length === 0) return 'No picture was held out to tell how well it recognises them.';
  const rows = [HEADER, HEADER.map(() => '---:'), ...accuracies.map(cells)];
  return `Held-out pictures recognised, by noise level, each label weighted alike (chance: ${(1 / labels.length).toFixed(2)}):

${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}`;
}
