import * as v from 'valibot';
import type { AttributeExamples } from '../core/attributeExamples.ts';
import type { Vocabulary } from '../core/attributes.ts';
import { attributesByName } from '../core/attributesByName.ts';
import { MAX_STORED_LENGTH } from '../core/base64.ts';
import { channelsNamed, knownChannels } from '../core/channelNames.ts';
import { ModelFileError, quote } from '../core/errors.ts';
import type { Frame } from '../core/frames.ts';
import { FRAMES_SCHEMA } from '../core/framesSchema.ts';
import { type Grain, MAX_TEXTON_SIDE } from '../core/grain.ts';
import { type LinearProbe, MAX_PROBE_GRID, MAX_PROBE_LOGIT, MAX_PROBE_RATE } from '../core/linearProbe.ts';
import { MAX_PALETTE_COLOURS, MIN_DEVIATION, type PalettePrior } from '../core/palettePrior.ts';
import type { NumValues } from '../core/pixels.ts';
import type { Regions } from '../core/regions.ts';
import type { SampleDefaults, StudentFacts } from '../core/sampleDefaults.ts';
import { MAX_GUIDANCE_SCALE, MAX_INFERENCE_STEPS, SAMPLER_NAMES } from '../core/samplingBounds.ts';
import { INTERVAL_EXPECTED, isInterval, TIMESTEPS_SCHEMA } from '../core/timestepInterval.ts';
import { parseUntrustedJson } from '../core/untrustedJson.ts';
import type { DecoderFact } from './decoderWeights.ts';
import { MAX_CONFIG_BYTES } from './modelSource.ts';
import { VOCABULARY_SCHEMA } from './vocabulary.ts';

/** model_index.json, as diffusers writes it, plus `labels`, `image` and `figment`. */
export interface ModelIndex {
  _class_name: string;
  unet?: ComponentEntry;
  vae?: ComponentEntry;
  scheduler?: ComponentEntry;
  /** What can be asked for: the class of each embedding row but the null label's; of a U-Net without classes, one word. */
  labels: string[];
  image?: Record<string, unknown>;
  figment: FigmentEntry;
}

/** [library, class], such as ['diffusers', 'UNet2DModel']. */
export type ComponentEntry = [string | null, string | null];

/** What diffusers has no place for. */
export interface FigmentEntry {
  version: 1;
  name: string;
  kind: string; // what it draws: portraits, items, materials, …
  licence: string;
  attribution: string;
  widthPx: number; // with frames, of all of them in a row
  heightPx: number;
  /** 3 or 4, of pictures; of materials 6, and the file has their names: see `modelFolderFiles`. */
  channels: NumValues;
  premultipliedAlpha: boolean;
  pixelArt: boolean;
  circularPadding: boolean;
  sampleDefaults: SampleDefaults;
  /** There for a model whose U-Net was distilled, and for no other. */
  student?: StudentFacts;
  /** The embedding row that stands for no class; null: there is none, and so no guidance. Absent: the last row. */
  nullLabel?: number | null;
  frames?: readonly Frame[]; // what stands in a picture from left to right, each as wide as the others; absent: one thing
  attributes?: Vocabulary; // what can be asked for besides the label; absent: nothing
  /** Attributes of training images, which decide on what a recipe leaves open; base64 in the file. Absent: the network decides. */
  examples?: AttributeExamples;
  /** The colours that its pictures have, by what is asked for; base64 in the file. Absent: any. */
  palette?: PalettePrior;
  /** Reads words from latents, so that these can be corrected; base64 in the file. Absent: they are not. */
  probe?: LinearProbe;
  /** What is laid over decoded pictures; base64 in the file. Absent: nothing. */
  grain?: Grain;
  /** Where in its pictures attributes show, so that a change of one leaves the rest alone. Absent: anywhere. */
  regions?: Regions;
  /** Which beginning of the auto-encoder's file holds its decoder. Absent: all of the file is needed to make pictures. */
  decoder?: DecoderFact;
  sha256: Record<string, string>; // path → 64 hexadecimal digits; model_index.json itself has none
}

/** What stands for the entries that a folder written by diffusers lacks; the rest follows from its configs. */
export const FIGMENT_DEFAULTS = {
  kind: 'images',
  licence: 'unknown',
  attribution: '',
  premultipliedAlpha: false,
  pixelArt: false,
  circularPadding: false,
  sampleDefaults: { sampler: 'ddim', numInferenceSteps: 30, guidanceScale: 2 },
  sha256: {},
} satisfies Partial<FigmentEntry>;

const MAX_DEPTH = 32;
const MAX_SIZE_PX = 8192;
export const MAX_LABELS = 100_000;

const text = v.pipe(v.string(), v.maxLength(100_000)); // a credit may be that of several models and data sets
/** A text that is printed, and by which files are named. */
export const NAME_SCHEMA = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(200),
  v.regex(/^\P{Cc}*$/u, 'has a control character, which would steer terminals; expected plain text'),
);
/** A side of a picture, in pixels. */
export const SIZE_PX = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_SIZE_PX));
const component = v.strictTuple([v.nullable(v.string()), v.nullable(v.string())]);

const numInferenceSteps = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_INFERENCE_STEPS));
const guidanceScale = v.pipe(v.number(), v.minValue(0), v.maxValue(MAX_GUIDANCE_SCALE));

const SAMPLE_DEFAULTS_SCHEMA = v.object({
  sampler: v.picklist(SAMPLER_NAMES),
  numInferenceSteps,
  guidanceScale,
  guidanceInterval: v.optional(
    v.pipe(
      TIMESTEPS_SCHEMA,
      v.check((ends) => isInterval(ends), INTERVAL_EXPECTED),
    ),
  ),
});

const STUDENT_SCHEMA = v.object({
  stepCounts: v.pipe(v.array(numInferenceSteps), v.minLength(1), v.maxLength(16)),
  guidanceScale: v.tuple([guidanceScale, guidanceScale]),
  teacher: SAMPLE_DEFAULTS_SCHEMA,
});

const CHANNELS_SCHEMA = v.union(
  [
    v.picklist([3, 4]),
    v.pipe(
      v.array(NAME_SCHEMA),
      v.check((names) => channelsNamed(names) !== undefined, `expected one of ${knownChannels()}`),
      v.transform((names) => channelsNamed(names)!),
    ),
  ],
  `expected 3, 4 or names: ${knownChannels()}`,
);

const storedBytes = v.pipe(v.string(), v.maxLength(MAX_STORED_LENGTH));

const PALETTE_SCHEMA = v.object({
  colours: v.pipe(v.string(), v.maxLength(4 * MAX_PALETTE_COLOURS)),
  logits: storedBytes,
  deviation: v.pipe(v.number(), v.minValue(MIN_DEVIATION), v.maxValue(1)),
  sure: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  offsets: v.optional(v.pipe(v.string(), v.maxLength(4 * MAX_PALETTE_COLOURS))),
  places: v.optional(v.object({ parts: storedBytes, shares: storedBytes })),
  isCut: v.optional(v.boolean()),
});

const finite = v.pipe(v.number(), v.finite());

const PROBE_SCHEMA = v.object({
  grid: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_PROBE_GRID)),
  weights: storedBytes,
  unit: finite,
  bias: v.array(finite),
  rate: v.pipe(v.number(), v.minValue(0), v.maxValue(MAX_PROBE_RATE)),
  margins: v.optional(v.array(v.pipe(v.number(), v.minValue(0), v.maxValue(MAX_PROBE_LOGIT)))),
});

const GRAIN_SCHEMA = v.object({
  side: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_TEXTON_SIDE)),
  textons: storedBytes,
  unit: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
});

const regionRow = v.pipe(v.string(), v.maxLength(MAX_SIZE_PX), v.regex(/^[.#]+$/, 'expected # and . alone'));

const REGIONS_SCHEMA = attributesByName(
  v.pipe(v.array(regionRow), v.minLength(1), v.maxLength(MAX_SIZE_PX)),
  'expected the regions by attribute',
  NAME_SCHEMA,
);

const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'expected 64 hex digits'));

const DECODER_SCHEMA = v.object({
  bytes: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(Number.MAX_SAFE_INTEGER)),
  sha256,
});

const FIGMENT_SCHEMA = v.object({
  version: v.optional(v.literal(1, 'expected 1; a later version needs a later Figment'), 1),
  name: v.optional(NAME_SCHEMA),
  kind: v.optional(NAME_SCHEMA),
  licence: v.optional(text),
  attribution: v.optional(text),
  widthPx: v.optional(SIZE_PX),
  heightPx: v.optional(SIZE_PX),
  channels: v.optional(CHANNELS_SCHEMA),
  premultipliedAlpha: v.optional(v.boolean()),
  pixelArt: v.optional(v.boolean()),
  circularPadding: v.optional(v.boolean()),
  sampleDefaults: v.optional(v.partial(SAMPLE_DEFAULTS_SCHEMA)),
  student: v.optional(STUDENT_SCHEMA),
  nullLabel: v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_LABELS)))),
  frames: v.optional(FRAMES_SCHEMA),
  attributes: v.optional(VOCABULARY_SCHEMA),
  examples: v.optional(storedBytes),
  palette: v.optional(PALETTE_SCHEMA),
  probe: v.optional(PROBE_SCHEMA),
  grain: v.optional(GRAIN_SCHEMA),
  regions: v.optional(REGIONS_SCHEMA),
  decoder: v.optional(DECODER_SCHEMA),
  sha256: v.optional(v.record(v.string(), sha256)),
});

const MODEL_INDEX_SCHEMA = v.looseObject({
  _class_name: v.string(),
  unet: v.optional(component),
  vae: v.optional(component),
  scheduler: v.optional(component),
  labels: v.optional(
    v.pipe(v.array(NAME_SCHEMA), v.maxLength(MAX_LABELS), v.check(isUnique, 'expected every label once')),
  ),
  image: v.optional(v.looseObject({})),
  figment: v.optional(FIGMENT_SCHEMA),
});

/** model_index.json as it is stored: diffusers alone writes neither labels nor a figment entry. */
export type StoredModelIndex = v.InferOutput<typeof MODEL_INDEX_SCHEMA>;

/** Parses a JSON object of a model folder. */
export function parseConfig(bytes: Uint8Array, fileName: string): Record<string, unknown> {
  const fail = (problem: string): never => {
    throw new ModelFileError('loadModelFolder', fileName, problem);
  };
  if (bytes.length > MAX_CONFIG_BYTES) fail(`has ${bytes.length} bytes; expected at most ${MAX_CONFIG_BYTES}`);
  return parseUntrustedJson(bytes, MAX_DEPTH, fail);
}

/** @throws ModelFileError naming the first entry that is wrong, or a part of a class that does not run here */
export function parseModelIndex(bytes: Uint8Array, fileName: string): StoredModelIndex {
  const result = v.safeParse(MODEL_INDEX_SCHEMA, parseConfig(bytes, fileName), { abortEarly: true });
  if (result.success) {
    const flaw = findForeignPart(result.output);
    if (flaw !== undefined) throw new ModelFileError('loadModelFolder', fileName, flaw);
    return result.output;
  }
  const issue = result.issues[0];
  throw new ModelFileError(
    'loadModelFolder',
    fileName,
    `entry ${quote(v.getDotPath(issue))}: ${issue.message.slice(0, 200)}`,
  );
}

/** The parts that run here, and their class where others could have that name. */
const PARTS: Readonly<Record<string, string | null>> = {
  unet: 'UNet2DModel',
  vae: 'AutoencoderKL',
  scheduler: null,
  conditioning: null,
  cvae: null,
};

const REMEDY = 'take a pipeline of a UNet2DModel with or without an AutoencoderKL, or train one by figment train';

/** What is wrong with the first part that does not run here. */
function findForeignPart({ labels: _, ...index }: StoredModelIndex): string | undefined {
  for (const [name, entry] of Object.entries(index)) {
    if (!v.is(component, entry) || !entry[1]) continue;
    const expected = Object.hasOwn(PARTS, name) ? PARTS[name] : '';
    if (expected === null || expected === entry[1]) continue;
    return `its ${quote(name)} is a ${quote(entry[1])}, which does not run here; ${REMEDY}`;
  }
  return undefined;
}

function isUnique(labels: string[]): boolean {
  return new Set(labels).size === labels.length;
}
