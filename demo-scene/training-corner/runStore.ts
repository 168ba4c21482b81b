import { createStore, getMany, promisifyRequest, type UseStore } from 'idb-keyval';
import * as v from 'valibot';
import { type Dataset, messageOf } from '../../runtime/index.ts';
import { builtInDataset } from './builtInDataset.ts';
import type { StoredCurve } from './lossCurve.ts';
import type { Phase, SampleSheet, TrainingSettings } from './protocol.ts';

/** A training as it is stored between two visits. */
export interface StoredRun {
  dataset: Dataset;
  isBuiltIn: boolean;
  settings: TrainingSettings;
  phase: Phase;
  curves: Record<Phase, StoredCurve>;
  /** The sheet that was shown last. */
  sheet: SampleSheet | null;
  /** `encodeCheckpoint` of the current phase; null before its first step. */
  checkpoint: Uint8Array | null;
  /** `encodeCheckpoint` of the auto-encoder once it is finished. */
  vae: Uint8Array | null;
}

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const bytes = v.nullable(v.instance(Uint8Array));
const budget = v.object({ unit: v.picklist(['minutes', 'steps']), amount: v.pipe(v.number(), v.gtValue(0)) });
const curve = v.object({
  points: v.pipe(v.array(v.number()), v.maxLength(1000)),
  stepsPerPoint: v.pipe(count, v.minValue(1)),
  sum: v.number(),
  count,
});
const text = v.pipe(v.string(), v.maxLength(10_000));
const size = v.pipe(count, v.minValue(1));

const datasetSchema = v.pipe(
  v.object({
    name: text,
    widthPx: size,
    heightPx: size,
    channels: v.picklist([3, 4, 6]),
    labels: v.pipe(v.array(v.pipe(text, v.nonEmpty())), v.minLength(1)),
    licence: text,
    attribution: text,
    images: v.instance(Uint8Array),
    classLabels: v.instance(Int32Array),
  }),
  v.check(({ images, classLabels, labels, widthPx, heightPx, channels }) => {
    const fits = images.length === classLabels.length * widthPx * heightPx * channels && images.length > 0;
    return fits && classLabels.every((label) => label >= 0 && label < labels.length);
  }, 'its pictures and labels do not fit together'),
);

const sheetSchema = v.object({
  title: text,
  captions: v.array(text),
  picture: v.pipe(
    v.object({ width: size, height: size, pixels: v.instance(Uint8Array) }),
    v.check(({ width, height, pixels }) => pixels.length === 4 * width * height, 'its size is wrong'),
  ),
});

const runSchema = v.object({
  version: v.literal(1),
  settings: v.object({ vae: budget, ddpm: budget }),
  phase: v.picklist(['vae', 'ddpm']),
  curves: v.object({ vae: curve, ddpm: curve }),
  sheet: v.nullable(sheetSchema),
});

const BUILT_IN = 'built-in';
const KEYS = ['dataset', 'run', 'checkpoint', 'vae', 'revision'];

/** What was stored could not be read, which says nothing about whether it is whole. */
export class UnreadError extends Error {
  override readonly name = 'UnreadError';
}

/**
 * Stores one training in IndexedDB. What belongs together is written in one transaction, and only over what this store has read
 * or written last: what another tab has stored since then stays.
 */
export class RunStore {
  private readonly store: UseStore = createStore('figment-training', 'run');
  /** Counts the writes to the database; null when what is there could not be read. */
  private revision: number | null = 0;

  /**
   * The training of an earlier visit; null when there is none.
   *
   * @throws UnreadError when the browser does not give it, or it is of another version; Error saying how it is damaged
   */
  async load(): Promise<StoredRun | null> {
    this.revision = null;
    const [dataset, run, checkpoint, vae, revision] = await this.read();
    const version = (run as { version?: unknown } | undefined)?.version;
    if (typeof version === 'number' && version !== 1) throw new UnreadError('another version of this page stored it');
    this.revision = typeof revision === 'number' ? revision : 0;
    if (dataset === undefined) return null;
    const isBuiltIn = dataset === BUILT_IN;
    const { version: _, ...rest } = parse(runSchema, run, 'the run');
    return {
      ...rest,
      isBuiltIn,
      dataset: isBuiltIn ? builtInDataset() : parse(datasetSchema, dataset, 'the data set'),
      checkpoint: parse(bytes, checkpoint ?? null, 'the checkpoint'),
      vae: parse(bytes, vae ?? null, 'the auto-encoder'),
    };
  }

  /** Some browsers have no IndexedDB, or throw as soon as it is asked for: that is no damage, either. */
  private async read(): Promise<unknown[]> {
    try {
      return await getMany<unknown>(KEYS, this.store);
    } catch (error) {
      throw new UnreadError(messageOf(error));
    }
  }

  /** Stores a whole training in place of the one before. */
  async begin({ dataset, isBuiltIn, ...run }: StoredRun): Promise<void> {
    await this.write([['dataset', isBuiltIn ? BUILT_IN : dataset], ...entriesOf(run)]);
  }

  /** Stores everything that changes during a training: all but the data set. */
  async save({ dataset: _, isBuiltIn: __, ...run }: StoredRun): Promise<void> {
    await this.write(entriesOf(run));
  }

  async forget(): Promise<void> {
    await this.write(KEYS.map((key) => [key, undefined]));
  }

  /** @param entries undefined: the entry goes */
  private async write(entries: readonly [key: string, value: unknown][]): Promise<void> {
    await this.store('readwrite', async (records) => {
      const stored = await promisifyRequest<unknown>(records.get('revision'));
      if (this.revision === null) throw new Error('what is stored could not be read, and stays; reload the page');
      if ((stored ?? 0) !== this.revision) throw new Error('another tab has gone on with it; reload the page');
      for (const [key, value] of entries) {
        if (value === undefined) records.delete(key);
        else records.put(value, key);
      }
      records.put(this.revision + 1, 'revision');
      await promisifyRequest(records.transaction);
      this.revision++;
    });
  }
}

function entriesOf({ checkpoint, vae, ...run }: Omit<StoredRun, 'dataset' | 'isBuiltIn'>): [string, unknown][] {
  return [
    ['run', { version: 1, ...run }],
    ['checkpoint', checkpoint],
    ['vae', vae],
  ];
}

function parse<Output>(schema: v.GenericSchema<unknown, Output>, value: unknown, what: string): Output {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new Error(`${what} is damaged (${[v.getDotPath(issue), issue.message].filter(Boolean).join(': ')})`);
}
