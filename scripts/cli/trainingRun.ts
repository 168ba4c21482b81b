// One training on the command line, from its options to the model on disk: `figment train vae|cvae|ddpm|classifier` say only
// what is their own.
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BackendName,
  dataParallelGradients,
  type GradientSource,
  type GradientWorker,
  type Shapes,
  type Trainer,
  type TrainerOptions,
  type TrainerState,
  type TrainingStep,
  trainingProgress,
} from '../../runtime/index.ts';
import { namingFile } from '../node/atomicWrite.ts';
import { InterruptError, interruptible, letEventsIn } from '../node/interrupt.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { startGradientWorkers } from '../node/nodeWorkers.ts';
import { startProgress } from '../node/terminal.ts';
import { UsageError } from '../node/usageError.ts';
import type { RunFolderOptions } from './runFolder.ts';
import {
  checkCheckpoint,
  holdsOwnModel,
  LOG_FILE,
  noteOwnModel,
  readCheckpoint,
  shortenLog,
  splitDigest,
  startOver,
  writeCheckpoint,
} from './trainingCheckpoint.ts';
import type { TrainingData, TrainingDataOptions } from './trainingData.ts';

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
    throw new UsageError('say how long to train: --steps n or --minutes n');
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
  /**
   * Writes the model as it is now, and a preview of it.
   *
   * @param isOwn whether the folder's model is an earlier one of this training, which may have been given more since
   */
  save(done: Trainer['done'], isOwn: boolean): Promise<void>;
}

/** Opens the backend, starts or resumes the training, and runs it to its end or until it is interrupted. */
export async function train(command: CommonTrainOptions, training: TrainingKind): Promise<void> {
  const { kind, data, options, shapes, keepsWeights = false } = training;
  const { title = `train ${kind}` } = training;
  const { seed, batchSize } = options;
  const notes = {
    kind,
    dataset: data.dataset.name,
    pictureSize: `${data.dataset.widthPx}×${data.dataset.heightPx}`,
    seed: String(seed),
    splitSeed: String(command.splitSeed ?? seed),
    batchSize: String(batchSize),
    flip: String(command.flip ?? false),
    balanced: String(command.balanced ?? false),
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
      const { out, previewMinutes } = command;
      const run = { title, out, trainer, notes, previewMinutes, save: savingAgain(save, out, resumed !== undefined) };
      await (resumed ? shortenLog(command.out, resumed.step) : startOver(command.out));
      await interruptible((signal) => runTraining(run, signal));
    } finally {
      await trainer.dispose();
    }
  } finally {
    release();
  }
}

/** Saves a training's model, again and again: after the first time the folder's model is its own. */
function savingAgain(save: TrainingAtWork['save'], out: string, isResumed: boolean): TrainingRun['save'] {
  let isOwn = isResumed && holdsOwnModel(out);
  return async (done) => {
    await save(done, isOwn);
    if (!isOwn) await noteOwnModel(out);
    isOwn = true;
  };
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
  if (last && signal.aborted) {
    console.log(
      `${run.title}: the checkpoint is written, its model and a preview follow; another Ctrl-C leaves these out`,
    );
  }
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
