import { clear, createStore, getMany, setMany, type UseStore } from 'idb-keyval';
import * as v from 'valibot';
import type { Dataset } from '../../runtime/index.ts';
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
    channels: v.picklist([3, 4]),
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
const KEYS = ['dataset', 'run', 'checkpoint', 'vae'];

/** Stores one training in IndexedDB. What belongs together is written in one transaction. */
export class RunStore {
  private readonly store: UseStore = createStore('figment-training', 'run');

  /** The training of an earlier visit; null when there is none. @throws Error saying what is wrong with it */
  async load(): Promise<StoredRun | null> {
    const [dataset, run, checkpoint, vae] = await getMany<unknown>(KEYS, this.store);
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

  /** Stores a whole training in place of the one before. */
  async begin({ dataset, isBuiltIn, ...run }: StoredRun): Promise<void> {
    await setMany([['dataset', isBuiltIn ? BUILT_IN : dataset], ...entriesOf(run)], this.store);
  }

  /** Stores everything that changes during a training: all but the data set. */
  async save({ dataset: _, isBuiltIn: __, ...run }: StoredRun): Promise<void> {
    await setMany(entriesOf(run), this.store);
  }

  async forget(): Promise<void> {
    await clear(this.store);
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
