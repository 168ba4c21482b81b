// One training on the command line, from its options to the model on disk: `figment train vae|cvae|ddpm|classifier` say only
// what is their own.
import { existsSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ATTRIBUTES_FILE,
  type AttributeColumn,
  type BackendName,
  type Dataset,
  type DatasetSplit,
  dataParallelGradients,
  type GradientSource,
  type GradientWorker,
  type PixelImage,
  type Shapes,
  scaleSheet,
  selectColumns,
  type Trainer,
  type TrainerOptions,
  type TrainerState,
  type TrainingStep,
  trainingProgress,
  unfilledRanges,
} from '../../runtime/index.ts';
import { namingFile, writeFileAtomic } from '../node/atomicWrite.ts';
import { withExtraData } from '../node/extraData.ts';
import { InterruptError, interruptible, letEventsIn } from '../node/interrupt.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { startGradientWorkers } from '../node/nodeWorkers.ts';
import { encodePng } from '../node/png.ts';
import { chooseFrom, type DatasetChoice, readDataset, type SplitChoice, splitFrom } from '../node/readDataset.ts';
import { startProgress } from '../node/terminal.ts';
import { rangeAsUsageError, UsageError } from '../node/usageError.ts';
import type { RunFolderOptions } from './runFolder.ts';
import {
  checkCheckpoint,
  LOG_FILE,
  readCheckpoint,
  shortenLog,
  splitDigest,
  startOver,
  writeCheckpoint,
} from './trainingCheckpoint.ts';

const CHECKPOINT_INTERVAL_MS = 120_000;

/** The options that all trainings have. */
export interface CommonTrainOptions extends TrainingDataOptions, RunFolderOptions {
  steps?: number;
  minutes?: number;
  batch?: number;
  microBatch?: number;
  learningRate?: number;
  workers: number;
  backend?: BackendName;
  initFrom?: string;
  previewMinutes: number;
  flip?: boolean;
  shift: number;
  permuteChannels: number;
  balanced?: boolean;
  circular?: boolean;
}

/**
 * A trainer's options: its own defaults, and what the command line says instead.
 *
 * @throws UsageError when nothing says how long to train
 */
export function trainerOptions<Options extends TrainerOptions>(
  { steps, minutes, seed, batch, microBatch, learningRate }: CommonTrainOptions,
  defaults: Options,
): Options & { seed: number } {
  if (steps === undefined && minutes === undefined) {
    throw new UsageError('train: say how long: --steps n or --minutes n');
  }
  const batchSize = batch ?? defaults.batchSize;
  return {
    ...defaults,
    seed,
    batchSize,
    microBatchSize: microBatch ?? Math.min(batchSize, defaults.microBatchSize),
    learningRate: learningRate ?? defaults.learningRate,
    numSteps: steps ?? null,
    numMinutes: minutes ?? null,
  };
}

export interface TrainingData {
  dataset: Dataset;
  split: DatasetSplit;
}

/** What one kind of training does in its own way. */
export interface TrainingKind {
  /** Stands in checkpoints, and in titles: `train vae`. */
  kind: string;
  /** Stands in titles, where that is another. */
  title?: string;
  data: TrainingData;
  options: Pick<TrainerOptions, 'batchSize'> & { seed: number };
  /** What else a training that is resumed must have in common with the one before, beside data set, seed and batch size. */
  notes?: Record<string, string>;
  /** Shapes of the network's weights; a checkpoint must have the same. */
  shapes: Shapes;
  /** Whether some of the weights stay as they are: those of an encoder, or of a teacher. */
  keepsWeights?: boolean;
  /** Makes the trainer on the backend that is open by then. */
  start(place: TrainingPlace): TrainingAtWork | Promise<TrainingAtWork>;
}

/** Where a training computes, and what it goes on from. */
export interface TrainingPlace {
  backend: BackendName;
  workers: GradientWorker[];
  /** The checkpoint to go on from; undefined in a new training. */
  resumed: TrainerState | undefined;
}

export interface TrainingAtWork {
  trainer: Trainer;
  /** Writes the model as it is now, and a preview of it. */
  save(done: Trainer['done']): Promise<void>;
}

/** Opens the backend, starts or resumes the training, and runs it to its end or until it is interrupted. */
export async function train(command: CommonTrainOptions, training: TrainingKind): Promise<void> {
  const { kind, data, options, shapes, keepsWeights = false } = training;
  const { title = `train ${kind}` } = training;
  const { seed, batchSize } = options;
  const notes = {
    kind,
    dataset: data.dataset.name,
    seed: String(seed),
    splitSeed: String(command.splitSeed ?? seed),
    batchSize: String(batchSize),
    ...training.notes,
    split: splitDigest(data),
  };
  const resumed = command.resume ? await readCheckpoint(command.out, notes) : undefined;
  if (resumed) checkCheckpoint(resumed, shapes, keepsWeights, command.out);
  const { backend, reason, release } = await openNodeBackend(command.backend);
  try {
    const { train, heldOut } = data.split;
    console.log(`${title}: ${backend}; ${reason} ${train.length} images, ${heldOut.length} held out`);
    const workers = command.workers > 1 && backend === 'wasm' ? startGradientWorkers(command.workers) : [];
    const starting = Promise.resolve({ backend, workers, resumed }).then((place) => training.start(place));
    const { trainer, save } = await starting.catch(async (error) => {
      await Promise.all(workers.map((worker) => worker.terminate()));
      throw error;
    });
    try {
      const run = { title, out: command.out, trainer, notes, previewMinutes: command.previewMinutes, save };
      await (resumed ? shortenLog(command.out, resumed.step) : startOver(command.out));
      await interruptible((signal) => runTraining(run, signal));
    } finally {
      await trainer.dispose();
    }
  } finally {
    release();
  }
}

/** The source of gradients that computes in the threads of the command; undefined where there are none. */
export function gradientsIn(
  workers: GradientWorker[],
  spec: Parameters<typeof dataParallelGradients>[0],
): GradientSource | undefined {
  return workers.length > 0 ? dataParallelGradients(spec, workers) : undefined;
}

interface TrainingRun {
  title: string;
  /** Folder of the run. */
  out: string;
  trainer: Trainer;
  /** Stored in the checkpoint and compared on resuming. */
  notes: Record<string, string>;
  /** Between two calls of `save`. */
  previewMinutes: number;
  /** Writes the model as it is now, and a preview sheet of it. */
  save(done: Trainer['done']): Promise<void>;
}

/**
 * Runs a training to its end or until it is interrupted; either way checkpoint and model are on disk afterwards.
 *
 * @throws InterruptError when interrupted, so that what was to follow a whole training does not
 */
async function runTraining(run: TrainingRun, signal: AbortSignal): Promise<void> {
  const progress = startProgress(run.title, run.trainer.progress);
  const intervals = { saveMs: CHECKPOINT_INTERVAL_MS, previewMs: 60_000 * run.previewMinutes };
  const log = join(run.out, LOG_FILE);
  let last: { step: TrainingStep; meanLoss: number } | undefined;
  try {
    for await (const now of trainingProgress(run.trainer, intervals, signal)) {
      last = now;
      const { step, meanLoss } = now;
      const speed = (1000 * step.numImages) / step.elapsedMs;
      progress.update(step.progress, `step ${step.step} | loss ${meanLoss.toFixed(4)} | ${speed.toFixed(1)} images/s`);
      await letEventsIn();
      await namingFile(log, appendFile(log, `${JSON.stringify(step)}\n`));
      if (now.isSaveDue) await writeCheckpoint(run.out, run.trainer, run.notes);
      if (now.isPreviewDue) await run.save(step);
    }
  } finally {
    progress.stop();
  }
  if (last) await writeCheckpoint(run.out, run.trainer, run.notes);
  // A run that has no step left may have been killed after its checkpoint, before it had saved its model.
  if (last || !signal.aborted) await run.save(run.trainer.done);
  if (signal.aborted) {
    const done = last ? `after ${summary(last)}; go on with --resume` : 'before a step was done';
    throw InterruptError.after(signal.reason, `${run.title}: interrupted ${done}`);
  }
  const { step } = run.trainer.done;
  if (last) console.log(`${run.title}: done: ${summary(last)}`);
  else console.log(`${run.title}: all ${step} steps were done before; raise --steps or --minutes to go on`);
}

function summary({ step: { step, numImages, elapsedMs }, meanLoss }: { step: TrainingStep; meanLoss: number }): string {
  return `${step} steps, ${numImages} images, ${(elapsedMs / 60_000).toFixed(1)} min, loss ${meanLoss.toFixed(4)}`;
}

interface TrainingDataOptions extends DatasetChoice, SplitChoice {
  data: string;
  extraData?: string;
  /** Instead of `seed`, so that a training with another one has the same held-out images. */
  splitSeed?: number;
}

/**
 * The data of a training: the chosen part of --data, split, and --extra-data on the training side. Those are made smaller as well,
 * unless they are as small already.
 */
export async function readTrainingData(options: TrainingDataOptions): Promise<TrainingData> {
  const { extraData, holdOutBy, seed, splitSeed = seed } = options;
  const whole = await readDataset(options.data);
  const dataset = chooseFrom(whole, options);
  const split = splitFrom(dataset, { ...options, seed: splitSeed });
  if (extraData === undefined) return { dataset, split };
  const extra = await readDataset(extraData, '--extra-data');
  const isLarge = extra.widthPx === whole.widthPx && extra.heightPx === whole.heightPx;
  return withExtraData({ dataset, split }, isLarge ? chooseFrom(extra, { shrink: options.shrink }) : extra, holdOutBy);
}

const PREVIEW_COLUMNS = 12;
const PREVIEW_ROWS = 4;

/** Sheets that are wider are not enlarged. */
const MAX_ENLARGED_PX = 1600;

/** Writes a sheet to a run's folder, enlarged where it is small; its name carries the step. @returns the name */
export async function writePreview(
  out: string,
  prefix: string,
  step: number,
  sheet: PixelImage,
  text: Record<string, string> = {},
): Promise<string> {
  const name = `${prefix}-${String(step).padStart(6, '0')}.png`;
  await writeFileAtomic(
    join(out, name),
    encodePng({ ...scaleSheet(sheet, sheet.width > MAX_ENLARGED_PX ? 1 : 2), text }),
  );
  return name;
}

/**
 * Writes some held-out images, each above its reconstruction, and prints how far apart they are; where none is held out, images of
 * the training.
 *
 * @param others names of previews that were written with it
 */
export async function writeReconstructions(
  out: string,
  step: number,
  { split }: TrainingData,
  draw: (images: Int32Array, columns: number) => Promise<{ sheet: PixelImage; l1: number }>,
  others: readonly string[] = [],
): Promise<void> {
  const count = PREVIEW_ROWS * PREVIEW_COLUMNS;
  const isHeldOut = split.heldOut.length > 0;
  const images = isHeldOut ? split.heldOut : split.train;
  const chosen = Int32Array.from({ length: count }, (_, i) => images[Math.floor((i * images.length) / count)]!);
  const { sheet, l1 } = await draw(chosen, PREVIEW_COLUMNS);
  const name = await writePreview(out, 'preview', step, sheet, isHeldOut ? { heldOutL1: l1.toFixed(5) } : {});
  console.log(`\n${[...others, name].join(', ')}: ${isHeldOut ? 'held-out' : 'training'} L1 ${l1.toFixed(4)}`);
}

interface AttributeChoice {
  /** The folder of the data. */
  data: string;
  attributes?: readonly string[];
}

/**
 * The attributes that --attributes names; without it all, and none for `none`. Says which ranges are not filled.
 *
 * @throws UsageError for a name that the data do not have, and when a table lies in their folder that was not read
 */
export function chooseAttributes(dataset: Dataset, { data, attributes: names }: AttributeChoice): AttributeColumn[] {
  if (names?.join() === 'none') return [];
  if (dataset.attributes === undefined && existsSync(join(data, ATTRIBUTES_FILE))) {
    throw new UsageError(
      `--data: ${join(data, ATTRIBUTES_FILE)} is not read, since no dataset.json beside it lists "attributes"; list them there, or give --attributes none`,
    );
  }
  const chosen = namedColumns(dataset.attributes ?? [], names);
  for (const { name, range, seen } of unfilledRanges(chosen)) {
    const [all, some] = [range, seen].map(({ min, max }) => `${shownNumber(min)} to ${shownNumber(max)}`);
    console.log(
      `attributes: ${name} goes from ${all}, in the images from ${some}; a model learns nothing of the rest, so give that range in dataset.json`,
    );
  }
  return chosen;
}

const shownNumber = (value: number) => Number(value.toPrecision(3));

function namedColumns(attributes: readonly AttributeColumn[], names?: readonly string[]): AttributeColumn[] {
  return names ? rangeAsUsageError(() => selectColumns(attributes, names), '--attributes') : [...attributes];
}
