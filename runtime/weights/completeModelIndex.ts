import * as v from 'valibot';
import { parseExamples } from '../core/attributeExamples.ts';
import { definedOf } from '../core/definedOf.ts';
import { ModelFileError, messageOf, quote } from '../core/errors.ts';
import { numFramesOf } from '../core/frames.ts';
import { parseGrain } from '../core/grain.ts';
import { parseProbe } from '../core/linearProbe.ts';
import { placesLayout } from '../core/palettePlaces.ts';
import { parsePalettePrior } from '../core/palettePrior.ts';
import type { NumValues } from '../core/pixels.ts';
import { regionsProblem } from '../core/regions.ts';
import { isObject } from '../core/untrustedJson.ts';
import {
  FIGMENT_DEFAULTS,
  type FigmentEntry,
  MAX_LABELS,
  type ModelIndex,
  SIZE_PX,
  type StoredModelIndex,
} from './modelIndex.ts';

/** The label by which pictures of a model without classes are asked for and named. */
const ONLY_LABEL = 'image';

/**
 * Fills in what the stored index leaves open: image size and channels from the networks' configs (without a VAE a U-Net makes
 * pixels), labels from the number of class embeddings, the rest from FIGMENT_DEFAULTS.
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
  const fail: Fail = (problem) => {
    throw new ModelFileError('loadModelFolder', fileName, problem);
  };
  const unet = isObject(unetConfig) ? unetConfig : {};
  const vae = isObject(vaeConfig) ? vaeConfig : {};
  const { examples, palette, probe, grain, ...told } = stored.figment ?? {};
  const figment: FigmentEntry = {
    version: 1,
    name: folderName,
    ...structuredClone(FIGMENT_DEFAULTS),
    ...picturesOf(stored.figment ?? {}, unet, vae, fail),
    ...definedOf(told),
    sampleDefaults: { ...FIGMENT_DEFAULTS.sampleDefaults, ...definedOf(stored.figment?.sampleDefaults ?? {}) },
  };
  const { labels, nullLabel } = labelling(stored, unet, fail);
  if (nullLabel === null) figment.sampleDefaults = { ...figment.sampleDefaults, guidanceScale: 1 };
  const problem = contradictionIn(figment);
  if (problem) fail(`figment.${problem}`);
  Object.assign(figment, decoded({ examples, palette, probe, grain }, labels.length, figment, fail));
  return { ...stored, labels, figment: nullLabel === labels.length ? figment : { ...figment, nullLabel } };
}

type Fail = (problem: string) => never;
type NetworkConfig = Record<string, unknown>;

/** The size and channels of the pictures: as the index has them, or else as the networks' configs do. */
function picturesOf(
  figment: Partial<NonNullable<StoredModelIndex['figment']>>,
  unet: NetworkConfig,
  vae: NetworkConfig,
  fail: Fail,
): Pick<FigmentEntry, 'widthPx' | 'heightPx' | 'channels'> {
  const painter = Object.keys(vae).length > 0 ? vae : unet;
  const orConfig = (name: 'widthPx' | 'heightPx', axis: 0 | 1, numFrames?: number) =>
    figment[name] ??
    imageSizePx(unet, vae, axis, numFrames) ??
    fail(`expected figment.${name}, or a sample_size in a config`);
  return {
    widthPx: orConfig('widthPx', 1, numFramesOf(figment)),
    heightPx: orConfig('heightPx', 0),
    channels: figment.channels ?? checkChannels(painter, fail),
  };
}

/** What of an entry goes against another part of it; undefined where nothing does. */
function contradictionIn(figment: FigmentEntry): string | undefined {
  const { frames, widthPx, circularPadding, regions = {}, attributes = {} } = figment;
  const numFrames = numFramesOf(figment);
  if (widthPx % numFrames !== 0) {
    return `widthPx is ${widthPx}; expected a multiple of the ${numFrames} frames, which stand in a row`;
  }
  if (frames && circularPadding)
    return 'frames: there are frames and circularPadding, which do not go together; take one of them out';
  const misplaced = regionsProblem(regions, attributes);
  if (misplaced) return `regions: ${misplaced}`;
  const undone = notOfStudent(figment);
  return undone && `sampleDefaults: ${undone}`;
}

type StoredAsText = 'examples' | 'palette' | 'probe' | 'grain';

/** What is stored as text, for so many labels and the attributes and pictures of an entry. */
function decoded(
  { examples, palette, probe, grain }: Pick<NonNullable<StoredModelIndex['figment']>, StoredAsText>,
  numLabels: number,
  { attributes = {}, widthPx, heightPx, channels, frames }: FigmentEntry,
  fail: Fail,
): Pick<FigmentEntry, StoredAsText> {
  const read = <Stored, Value>(name: string, stored: Stored | undefined, parse: (stored: Stored) => Value) => {
    if (stored === undefined) return {};
    try {
      return { [name]: parse(stored) };
    } catch (error) {
      return fail(`figment.${name}: ${messageOf(error)}`);
    }
  };
  const layout = placesLayout(widthPx, heightPx, frames);
  return {
    ...read('examples', examples, (text) => parseExamples(text, numLabels, attributes)),
    ...read('palette', palette, (stored) => parsePalettePrior(stored, numLabels, attributes, layout)),
    ...read('probe', probe, (stored) => parseProbe(stored, numLabels, attributes)),
    ...read('grain', grain, (stored) => parseGrain(stored, numLabels, channels)),
  };
}

/** Why a distilled model's student can't paint by the model's own defaults; undefined where it can. */
function notOfStudent({ student, sampleDefaults }: FigmentEntry): string | undefined {
  if (!student) return undefined;
  const { sampler, numInferenceSteps, guidanceScale, guidanceInterval } = sampleDefaults;
  const [least, most] = student.guidanceScale;
  if (guidanceInterval) return 'has a guidanceInterval, which is for the teacher; move it to student.teacher';
  const isKnown = sampler === 'ddim' && student.stepCounts.includes(numInferenceSteps);
  if (isKnown && guidanceScale >= least && guidanceScale <= most) return undefined;
  return `has ${numInferenceSteps} steps of ${sampler} with guidanceScale ${guidanceScale}; expected what the student knows: ddim, ${student.stepCounts.join(', ')} steps, ${least} to ${most}`;
}

/** The latents' size times the VAE's reduction by levels and patches, or else the VAE's own size; axis 0 is the height. */
function imageSizePx(unet: NetworkConfig, vae: NetworkConfig, axis: 0 | 1, numFrames = 1): number | undefined {
  const numLevels = Array.isArray(vae.block_out_channels) ? vae.block_out_channels.length : 1;
  const pixelsPerLatent = patchSizeOf(vae) * 2 ** (numLevels - 1);
  const latentSize = sizeOnAxis(unet.sample_size, axis);
  const size = latentSize === undefined ? sizeOnAxis(vae.sample_size, axis) : latentSize * pixelsPerLatent;
  return v.is(SIZE_PX, size) && v.is(SIZE_PX, size * numFrames) ? size * numFrames : undefined;
}

/** The side of the squares of pixels that a VAE sees as channels. */
function patchSizeOf({ patch_size }: NetworkConfig): number {
  return typeof patch_size === 'number' ? patch_size : 1;
}

/** diffusers stores one number for a square, else [height, width]. */
function sizeOnAxis(sampleSize: unknown, axis: 0 | 1): number | undefined {
  const size = Array.isArray(sampleSize) ? sampleSize[axis] : sampleSize;
  return typeof size === 'number' ? size : undefined;
}

/** Of the network that makes pixels: each of its channels is that of one pixel of a patch. */
function checkChannels(network: NetworkConfig, fail: Fail): NumValues {
  const { out_channels } = network;
  const perPixel = typeof out_channels === 'number' ? out_channels / patchSizeOf(network) ** 2 : undefined;
  if (perPixel === 3 || perPixel === 4) return perPixel;
  return fail(
    `expected pictures of 3 or 4 channels, found out_channels ${quote(out_channels)}; name what they are in figment.channels`,
  );
}

/** The labels, and the row that stands for none of them: the one that is named, or where labels leave one over, the last. */
function labelling(
  { labels, figment }: StoredModelIndex,
  unet: NetworkConfig,
  fail: Fail,
): { labels: string[]; nullLabel: number | null } {
  const numRows = unet.num_class_embeds;
  const named = figment?.nullLabel;
  if (!Number.isInteger(numRows)) return withoutTable(labels, unet, named, fail);
  const count = numRows as number;
  if (count < 1 || count > MAX_LABELS) return fail(`${count} class embeddings are more or less than can be named`);
  if (typeof named === 'number' && named >= count) {
    return fail(`figment.nullLabel is ${named}; expected a row of the ${count} class embeddings, or null`);
  }
  const nullLabel = named ?? (named === undefined && labels?.length === count - 1 ? count - 1 : null);
  const numLabels = nullLabel === null ? count : count - 1;
  if (labels && labels.length !== numLabels) {
    return fail(`holds ${labels.length} labels, but the U-Net's num_class_embeds ${count} needs ${numLabels}`);
  }
  return { labels: labels ?? Array.from({ length: numLabels }, (_, i) => `class${i}`), nullLabel };
}

/** Labels where the U-Net has no table of classes: it has conditioning, or knows none, or is not there. */
function withoutTable(
  labels: string[] = [],
  unet: NetworkConfig,
  named: number | null | undefined,
  fail: Fail,
): { labels: string[]; nullLabel: number | null } {
  const knowsNone = Object.keys(unet).length > 0 && unet.class_embed_type !== 'identity';
  if (!knowsNone) return { labels, nullLabel: named === undefined ? labels.length : named };
  if (labels.length > 1)
    fail(`holds ${labels.length} labels, but the U-Net's num_class_embeds is null: it knows no classes`);
  return { labels: labels.length === 1 ? labels : [ONLY_LABEL], nullLabel: null };
}
