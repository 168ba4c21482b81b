import * as v from 'valibot';
import type { Vocabulary } from '../core/attributes.ts';
import { ModelFileError, quote } from '../core/errors.ts';
import { isObject, parseUntrustedJson } from './untrustedJson.ts';
import { VOCABULARY_SCHEMA } from './vocabulary.ts';

/** model_index.json, as diffusers writes it, plus `labels`, `image` and `figment`. */
export interface ModelIndex {
  _class_name: string;
  unet?: ComponentEntry;
  vae?: ComponentEntry;
  scheduler?: ComponentEntry;
  labels: string[]; // the class of each embedding row; the null label, the last row, has no name
  image?: Record<string, unknown>;
  figment: FigmentEntry;
}

/** [library, class], such as ['diffusers', 'UNet2DModel']. */
export type ComponentEntry = [string | null, string | null];

/** What diffusers has no place for. */
export interface FigmentEntry {
  version: 1;
  name: string;
  kind: string; // what it draws: portraits, items, textures, …
  licence: string;
  attribution: string;
  widthPx: number;
  heightPx: number;
  channels: 3 | 4;
  premultipliedAlpha: boolean;
  pixelArt: boolean;
  circularPadding: boolean;
  sampleDefaults: { sampler: string; numInferenceSteps: number; guidanceScale: number };
  attributes?: Vocabulary; // what can be asked for besides the label; absent: nothing
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
const MAX_LABELS = 100_000;
const MAX_CONFIG_BYTES = 10_000_000;

const text = v.pipe(v.string(), v.maxLength(10_000));
const label = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const sizePx = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_SIZE_PX));
const component = v.tuple([v.nullable(v.string()), v.nullable(v.string())]);

const SAMPLE_DEFAULTS_SCHEMA = v.object({
  sampler: label,
  numInferenceSteps: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000)),
  guidanceScale: v.pipe(v.number(), v.finite()),
});

const FIGMENT_SCHEMA = v.object({
  version: v.literal(1, 'expected 1; a later version needs a later Figment'),
  name: v.optional(label),
  kind: v.optional(label),
  licence: v.optional(text),
  attribution: v.optional(text),
  widthPx: v.optional(sizePx),
  heightPx: v.optional(sizePx),
  channels: v.optional(v.picklist([3, 4])),
  premultipliedAlpha: v.optional(v.boolean()),
  pixelArt: v.optional(v.boolean()),
  circularPadding: v.optional(v.boolean()),
  sampleDefaults: v.optional(SAMPLE_DEFAULTS_SCHEMA),
  attributes: v.optional(VOCABULARY_SCHEMA),
  sha256: v.optional(v.record(v.string(), v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'expected 64 hex digits')))),
});

export const MODEL_INDEX_SCHEMA = v.looseObject({
  _class_name: v.string(),
  unet: v.optional(component),
  vae: v.optional(component),
  scheduler: v.optional(component),
  labels: v.optional(v.pipe(v.array(label), v.maxLength(MAX_LABELS), v.check(isUnique, 'expected every label once'))),
  image: v.optional(v.record(v.string(), v.unknown())),
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

/** @throws ModelFileError naming the first entry that is wrong */
export function parseModelIndex(bytes: Uint8Array, fileName: string): StoredModelIndex {
  const result = v.safeParse(MODEL_INDEX_SCHEMA, parseConfig(bytes, fileName), { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new ModelFileError(
    'loadModelFolder',
    fileName,
    `entry ${quote(v.getDotPath(issue))}: ${issue.message.slice(0, 200)}`,
  );
}

/**
 * Fills in what the stored index leaves open: image size and channels from the networks' configs, labels from the number
 * of class embeddings, the rest from FIGMENT_DEFAULTS.
 * @param folderName stands in for the model's name
 * @throws ModelFileError when the configs do not tell, or do not fit the labels
 */
export function completeModelIndex(
  stored: StoredModelIndex,
  folderName: string,
  unetConfig: unknown,
  vaeConfig: unknown,
  fileName: string,
): ModelIndex {
  const fail = (problem: string): never => {
    throw new ModelFileError('loadModelFolder', fileName, problem);
  };
  const unet = isObject(unetConfig) ? unetConfig : {};
  const vae = isObject(vaeConfig) ? vaeConfig : {};
  const figment: FigmentEntry = {
    version: 1,
    name: folderName,
    ...structuredClone(FIGMENT_DEFAULTS),
    widthPx:
      stored.figment?.widthPx ??
      imageSizePx(unet, vae, 1) ??
      fail('expected figment.widthPx, or a sample_size in a config'),
    heightPx:
      stored.figment?.heightPx ??
      imageSizePx(unet, vae, 0) ??
      fail('expected figment.heightPx, or a sample_size in a config'),
    channels: stored.figment?.channels ?? checkChannels(vae.out_channels, fail),
    ...definedEntries(stored.figment ?? {}),
  };
  return { ...stored, labels: checkLabels(stored.labels, unet.num_class_embeds, fail), figment };
}

/** The latents' size times the VAE's reduction, or else the VAE's own size; axis 0 is the height. */
function imageSizePx(unet: Record<string, unknown>, vae: Record<string, unknown>, axis: 0 | 1): number | undefined {
  const numLevels = Array.isArray(vae.block_out_channels) ? vae.block_out_channels.length : 1;
  const latentSize = sizeOnAxis(unet.sample_size, axis);
  const size = latentSize === undefined ? sizeOnAxis(vae.sample_size, axis) : latentSize * 2 ** (numLevels - 1);
  return v.is(sizePx, size) ? size : undefined;
}

/** diffusers stores one number for a square, else [height, width]. */
function sizeOnAxis(sampleSize: unknown, axis: 0 | 1): number | undefined {
  const size = Array.isArray(sampleSize) ? sampleSize[axis] : sampleSize;
  return typeof size === 'number' ? size : undefined;
}

function checkChannels(outChannels: unknown, fail: (problem: string) => never): 3 | 4 {
  const isImage = outChannels === 3 || outChannels === 4;
  return isImage ? outChannels : fail(`expected a VAE with out_channels 3 or 4, found ${quote(outChannels)}`);
}

/** The last embedding row is the null label's. */
function checkLabels(
  labels: string[] | undefined,
  numClassEmbeds: unknown,
  fail: (problem: string) => never,
): string[] {
  if (!Number.isInteger(numClassEmbeds)) return labels ?? [];
  const numLabels = (numClassEmbeds as number) - 1;
  if (labels === undefined) return defaultLabels(numLabels, fail);
  if (labels.length === numLabels) return labels;
  return fail(`holds ${labels.length} labels, but the U-Net's num_class_embeds ${numClassEmbeds} needs ${numLabels}`);
}

function defaultLabels(numLabels: number, fail: (problem: string) => never): string[] {
  if (numLabels < 0 || numLabels > MAX_LABELS)
    fail(`${numLabels + 1} class embeddings are more or less than can be named`);
  return Array.from({ length: numLabels }, (_, i) => `class${i}`);
}

function definedEntries<T extends object>(entries: T): T {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as T;
}

function isUnique(labels: string[]): boolean {
  return new Set(labels).size === labels.length;
}
