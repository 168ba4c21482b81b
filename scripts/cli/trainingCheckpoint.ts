// What a training leaves in its folder to go on from, and what it begins with.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type AttributeColumn,
  AUGMENT_DEFAULTS,
  type AugmentOptions,
  type Dataset,
  type DatasetSplit,
  decodeCheckpoint,
  definedOf,
  encodeCheckpoint,
  isOfTeacher,
  type Shapes,
  type Trainer,
  type TrainerState,
} from '../../runtime/index.ts';
import { writeFileAtomic } from '../node/atomicWrite.ts';
import { modelFolder } from '../node/openModel.ts';
import { readIndexOf } from '../node/readNetworks.ts';
import { UsageError } from '../node/usageError.ts';

const CHECKPOINT_FILE = 'checkpoint.safetensors';

/** File name of the log in a run's folder: a line of JSON for each step. */
export const LOG_FILE = 'log.jsonl';

/** Lies beside the model of an earlier run from the beginning of a new one until that has saved its own. */
const EARLIER_FILE = '.figment.earlier';

/** What a folder has where a network was saved in it. */
const NETWORKS = ['config.json', 'vae/config.json', 'unet/config.json', 'cvae/config.json'];

/** Whether the model in a folder, if any, is that of the run there, and not an earlier one, which it will replace. */
export function holdsOwnModel(out: string): boolean {
  return !existsSync(join(out, EARLIER_FILE));
}

/** Notes that the model in a folder is that of the run there from now on. */
export async function noteOwnModel(out: string): Promise<void> {
  await rm(join(out, EARLIER_FILE), { force: true });
}

/** What a run leaves in its folder, beside its model; the names of previews have six digits or more. */
const OF_RUN = /^(checkpoint\.safetensors|log\.jsonl|(preview|samples)-\d{6,}\.png)$/;

/**
 * Removes what an earlier run left in the folder of a new one, where there was one; its model stays until the new one is saved, and
 * is known for that. Pictures in a folder without a run are somebody's own, such as the sheets of a data set.
 */
export async function startOver(out: string): Promise<void> {
  if (NETWORKS.some((file) => existsSync(join(out, file)))) await writeFile(join(out, EARLIER_FILE), '');
  const names = await readdir(out);
  if (!names.includes(CHECKPOINT_FILE) && !names.includes(LOG_FILE)) return;
  for (const name of names.filter((name) => OF_RUN.test(name))) await rm(join(out, name), { force: true });
}

/** Takes out of the log the steps after a checkpoint, which a run that was killed had made and makes again. */
export async function shortenLog(out: string, lastStep: number): Promise<void> {
  const file = join(out, LOG_FILE);
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n');
  const kept = lines.filter((line) => stepOf(line) <= lastStep);
  if (kept.length < lines.length - 1 || lines.at(-1) !== '') {
    await writeFileAtomic(file, new TextEncoder().encode(kept.map((line) => `${line}\n`).join('')));
  }
}

/** Infinite where a line is none, as the last one of a run that was killed may be. */
function stepOf(line: string): number {
  try {
    const { step } = JSON.parse(line) as { step?: unknown };
    return typeof step === 'number' ? step : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** @param notes stored with the trainer's state, and compared on resuming */
export async function writeCheckpoint(out: string, trainer: Trainer, notes: Record<string, string>): Promise<void> {
  await writeFileAtomic(join(out, CHECKPOINT_FILE), encodeCheckpoint(await trainer.state(), notes));
}

/**
 * The folder whose network a training takes its config from: that of --init-from, which may name a shipped or installed model,
 * or on resuming the run's own, once it has saved a model; null for a training that begins with nothing.
 */
export function startFolder(
  { initFrom, resume, out }: { initFrom?: string; resume?: boolean; out: string },
  network: 'vae' | 'unet' | 'cvae',
): string | null {
  if (initFrom !== undefined) return modelFolder(initFrom);
  return resume && holdsOwnModel(out) && existsSync(join(out, network, 'config.json')) ? out : null;
}

/** A size of a network as the command states it, undefined where it does not, and as the network has it. */
type StatedSize = [stated: number | readonly number[] | undefined, own: number | readonly number[]];

/**
 * Checks that sizes that the command states, though it goes on with a network, are those of the network.
 *
 * @param sizes by option
 * @throws      UsageError naming the first option that states another
 */
export function checkSizes(operation: string, sizes: Record<string, StatedSize>): void {
  for (const [option, [stated, own]] of Object.entries(sizes)) {
    if (stated === undefined || String(stated) === String(own)) continue;
    throw new UsageError(
      `${operation}: ${option} is ${stated}, and the network that it goes on with has ${own}; leave it out, or start over in another --out`,
    );
  }
}

/** Notes that earlier versions did not make; such a checkpoint is taken for one of the same. */
const LATER_NOTES = [
  'prediction',
  'schedule',
  'circular',
  'split',
  'vae',
  'loss',
  'condDropProb',
  'minSnrGamma',
  'attribute',
  'flip',
  'balanced',
  'shiftPx',
  'permuteChannels',
  'colourJitter',
  'cropPx',
  'pictureSize',
];

/** What a note stands for where its name does not tell. */
const DECIDED_BY: Record<string, string> = {
  pictureSize: ', which --data and --shrink decide on',
  split: ', which --labels, --held-out, --hold-out-by and --extra-data decide on',
  attribute: ', whose words in their order, or whose range, dataset.json lists',
};

/** What a note is of: those of attributes have a name behind that. */
const kindOf = (key: string) => key.split(' ', 1)[0]!;

/**
 * A note for each attribute, of its words in their order or of its range: a network knows a word by its place, and a number by its
 * share of the range, so that with others it would mean something else from then on.
 */
export function attributeNotes(attributes: readonly AttributeColumn[]): Record<string, string> {
  return Object.fromEntries(attributes.map(({ name, values }) => [`attribute ${name}`, JSON.stringify(values)]));
}

/** How pictures are altered. */
export function augmentNotes(augment: Partial<AugmentOptions>): Record<string, string> {
  const { shiftPx, permuteChannels, colourJitter, cropPx } = { ...AUGMENT_DEFAULTS, ...definedOf(augment) };
  return Object.fromEntries(
    Object.entries({ shiftPx, permuteChannels, colourJitter, cropPx }).map(([name, value]) => [name, String(value)]),
  );
}

/** A short digest of the labels, and of which images train and which are held out. */
export function splitDigest({ dataset, split }: { dataset: Pick<Dataset, 'labels'>; split: DatasetSplit }): string {
  const all = [dataset.labels, [...split.train], [...split.heldOut]];
  return createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 12);
}

/**
 * Whether the training of a model held out other pictures than these: then some of them are no news to it. Where a folder has no
 * checkpoint of a U-Net, as that of a copied model or of one with another decoder, nobody can tell.
 */
export async function heldOutOthers(folder: string, data: Parameters<typeof splitDigest>[0]): Promise<boolean> {
  const notes = await notesOf(folder);
  const isOfUNet = notes.kind === 'ddpm' || notes.kind === 'distil';
  return isOfUNet && notes.split !== undefined && notes.split !== splitDigest(data);
}

/**
 * Whether the convolutions of a folder's networks wrap: its index says it, and of a run without one the checkpoint; undefined where
 * nothing does.
 */
export async function circularOf(folder: string): Promise<boolean | undefined> {
  const index = await readIndexOf(folder);
  if (index) return index.figment.circularPadding;
  const { circular } = await notesOf(folder);
  return circular === undefined ? undefined : circular === 'true';
}

/** What the checkpoint of a folder notes; nothing where there is none that can be read. */
function notesOf(folder: string): Promise<Record<string, string>> {
  const file = join(folder, CHECKPOINT_FILE);
  return readFile(file)
    .then((bytes) => decodeCheckpoint(new Uint8Array(bytes), file).notes)
    .catch(() => ({}));
}

/** Reads the checkpoint of a run to go on from; its notes must be those of this training. */
export async function readCheckpoint(out: string, notes: Record<string, string>): Promise<TrainerState> {
  const file = join(out, CHECKPOINT_FILE);
  const bytes = await readFile(file).catch(() => {
    throw new UsageError(`train: there is no checkpoint ${file}; start over, with --overwrite instead of --resume`);
  });
  const checkpoint = decodeCheckpoint(new Uint8Array(bytes), file);
  const { seed } = checkpoint.notes;
  const isMissing = (key: string) => LATER_NOTES.includes(kindOf(key)) && !Object.hasOwn(checkpoint.notes, key);
  const before: Record<string, string | undefined> = {
    splitSeed: seed, // once there was one for both
    ...checkpoint.notes,
    ...Object.fromEntries(Object.entries(notes).filter(([key]) => isMissing(key))),
  };
  for (const key of Object.keys({ ...before, ...notes })) {
    if (before[key] === notes[key]) continue;
    const [made, now] = [before[key], notes[key]].map((value) => value ?? 'the usual one');
    throw new UsageError(
      `train: ${file} was made with another ${key} (${made}, now ${now})${DECIDED_BY[kindOf(key)] ?? ''}; go on with that one, or begin in another --out with --init-from ${out}`,
    );
  }
  return checkpoint.state;
}

/**
 * Checks that a checkpoint goes with a network, and with the choice of what is trained: a checkpoint has moments of the
 * trained weights alone.
 *
 * @param shapes       of the network's weights
 * @param keepsWeights whether some weights stay as they are: those of a frozen encoder, or of a teacher
 * @throws             UsageError naming the option to give
 */
export function checkCheckpoint(state: TrainerState, shapes: Shapes, keepsWeights: boolean, out: string): void {
  const file = join(out, CHECKPOINT_FILE);
  const fits = shapes.size === state.weights.size && [...shapes].every(([name, shape]) => hasShape(state, name, shape));
  if (!fits) {
    const option = [...state.weights.keys()].some(isOfTeacher) ? '--latents-of' : '--init-from';
    throw new UsageError(
      `train: ${file} belongs to a network of other sizes; go on with the ${option} that the run began with`,
    );
  }
  const wasFrozen = state.m.size < state.weights.size;
  if (wasFrozen && !keepsWeights) {
    throw new UsageError(`train: ${file} was made with --freeze-encoder; add --freeze-encoder to go on`);
  }
  if (!wasFrozen && keepsWeights) {
    throw new UsageError(
      `train: ${file} was made without --freeze-encoder; leave it out, or start again in another --out with --init-from ${out}`,
    );
  }
}

function hasShape({ weights }: TrainerState, name: string, shape: readonly number[]): boolean {
  return weights.get(name)?.shape.join() === shape.join();
}
