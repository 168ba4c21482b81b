// The loop around a training: progress line, JSON-lines log, checkpoints, previews, Ctrl-C; and how one goes on.
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import {
  append,
  type Dataset,
  type DatasetSplit,
  decodeCheckpoint,
  encodeCheckpoint,
  type Shapes,
  splitHeldOut,
  type Trainer,
  type TrainerState,
  type TrainingStep,
} from '../../runtime/index.ts';
import { writeFileAtomic } from '../node/atomicWrite.ts';
import { chooseFrom, type DatasetChoice, readDataset } from '../node/readDataset.ts';
import { startProgress } from '../node/terminal.ts';
import { UsageError } from '../node/usageError.ts';

const CHECKPOINT_FILE = 'checkpoint.safetensors';
const CHECKPOINT_INTERVAL_MS = 120_000;

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
  save(step: TrainingStep): Promise<void>;
}

/** Runs a training to its end or to Ctrl-C; either way checkpoint and model are on disk afterwards. */
export async function runTraining(run: TrainingRun): Promise<void> {
  await mkdir(run.out, { recursive: true });
  const abort = new AbortController();
  const onSignal = () => abort.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const progress = startProgress(run.title);
  let [savedAt, previewedAt] = [performance.now(), performance.now()];
  let last: TrainingStep | null = null;
  let meanLoss = Number.NaN;
  try {
    for await (const step of run.trainer.run(abort.signal)) {
      last = step;
      meanLoss = Number.isNaN(meanLoss) ? step.loss : 0.98 * meanLoss + 0.02 * step.loss;
      const speed = (1000 * step.numImages) / step.elapsedMs;
      progress.update(step.progress, `step ${step.step} | loss ${meanLoss.toFixed(4)} | ${speed.toFixed(1)} images/s`);
      await setImmediate(); // lets the progress line and Ctrl-C in
      await appendFile(join(run.out, 'log.jsonl'), `${JSON.stringify(step)}\n`);
      if (performance.now() - savedAt > CHECKPOINT_INTERVAL_MS) {
        await saveCheckpoint(run);
        savedAt = performance.now();
      }
      if (performance.now() - previewedAt > 60_000 * run.previewMinutes) {
        await run.save(step);
        previewedAt = performance.now();
      }
    }
  } finally {
    progress.stop();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
  if (!last) return;
  await saveCheckpoint(run);
  await run.save(last);
  const end = abort.signal.aborted ? 'stopped; go on with --resume' : 'done';
  console.log(
    `${run.title}: ${end}: ${last.step} steps, ${last.numImages} images, ${(last.elapsedMs / 60_000).toFixed(1)} min, loss ${meanLoss.toFixed(4)}`,
  );
}

async function saveCheckpoint(run: TrainingRun): Promise<void> {
  const bytes = encodeCheckpoint(await run.trainer.state(), run.notes);
  await writeFileAtomic(join(run.out, CHECKPOINT_FILE), bytes);
}

/**
 * The folder whose network a training takes its config from: that of --init-from, or on resuming the run's own, once it
 * has saved a model; null for a training that begins with nothing.
 */
export function startFolder(
  { initFrom, resume, out }: { initFrom?: string; resume?: boolean; out: string },
  network: 'vae' | 'unet' | 'cvae',
): string | null {
  if (initFrom !== undefined) return initFrom;
  return resume && existsSync(join(out, network, 'config.json')) ? out : null;
}

/** Reads the checkpoint of a run to go on from; its notes must be those of this training. */
export async function readCheckpoint(out: string, notes: Record<string, string>): Promise<TrainerState> {
  const file = join(out, CHECKPOINT_FILE);
  const bytes = await readFile(file).catch(() => {
    throw new UsageError(`train: there is no checkpoint ${file}; leave out --resume`);
  });
  const checkpoint = decodeCheckpoint(new Uint8Array(bytes), file);
  for (const [key, value] of Object.entries(notes)) {
    if (checkpoint.notes[key] !== value) {
      throw new UsageError(`train: ${file} was made with another ${key} (${checkpoint.notes[key]}, now ${value})`);
    }
  }
  return checkpoint.state;
}

/**
 * Checks that a checkpoint goes with a network, and with the choice of what is trained: a checkpoint has moments of the
 * trained weights alone.
 *
 * @param shapes       of the network's weights
 * @param freezeEncoder whether the encoder stays as it is; a diffusion model has none
 * @throws             UsageError naming the option to give
 */
export function checkCheckpoint(state: TrainerState, shapes: Shapes, freezeEncoder: boolean, out: string): void {
  const file = join(out, CHECKPOINT_FILE);
  const fits = shapes.size === state.weights.size && [...shapes].every(([name, shape]) => hasShape(state, name, shape));
  if (!fits) {
    throw new UsageError(
      `train: ${file} belongs to a network of other sizes; go on with the --init-from that the run began with`,
    );
  }
  const wasFrozen = state.m.size < state.weights.size;
  if (wasFrozen && !freezeEncoder) {
    throw new UsageError(`train: ${file} was made with --freeze-encoder; add --freeze-encoder to go on`);
  }
  if (!wasFrozen && freezeEncoder) {
    throw new UsageError(
      `train: ${file} was made without --freeze-encoder; leave it out, or begin anew in another --out with --init-from ${out}`,
    );
  }
}

function hasShape({ weights }: TrainerState, name: string, shape: readonly number[]): boolean {
  return weights.get(name)?.shape.join() === shape.join();
}

interface TrainingDataOptions extends DatasetChoice {
  data: string;
  extraData?: string;
  heldOut: number;
  seed: number;
}

/** What a training sees: the chosen part of the data, split, and the extra data, all of which train. */
export async function readTrainingData(
  options: TrainingDataOptions,
): Promise<{ dataset: Dataset; split: DatasetSplit }> {
  const dataset = chooseFrom(await readDataset(options.data), options);
  const split = splitHeldOut(dataset, options.heldOut, options.seed);
  if (options.extraData === undefined) return { dataset, split };
  const both = appendTo(dataset, await readDataset(options.extraData));
  const extra = Array.from(both.classLabels.keys()).slice(dataset.classLabels.length);
  return { dataset: both, split: { ...split, train: Int32Array.from([...split.train, ...extra]) } };
}

function appendTo(dataset: Dataset, extra: Dataset): Dataset {
  try {
    return append(dataset, extra);
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(`--extra-data: ${error.message}`) : error;
  }
}
