import * as v from 'valibot';
import { parseExamples } from '../core/attributeExamples.ts';
import { definedOf } from '../core/definedOf.ts';
import { ModelFileError, messageOf, quote } from '../core/errors.ts';
import { numFramesOf } from '../core/frames.ts';
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
  const fail = (problem: string): never => {
    throw new ModelFileError('loadModelFolder', fileName, problem);
  };
  const unet = isObject(unetConfig) ? unetConfig : {};
  const vae = isObject(vaeConfig) ? vaeConfig : {};
  const numFrames = numFramesOf(stored.figment ?? {});
  const { examples, palette, probe, ...told } = stored.figment ?? {};
  const figment: FigmentEntry = {
    version: 1,
    name: folderName,
    ...structuredClone(FIGMENT_DEFAULTS),
    widthPx:
      stored.figment?.widthPx ??
      imageSizePx(unet, vae, 1, numFrames) ??
      fail('expected figment.widthPx, or a sample_size in a config'),
    heightPx:
      stored.figment?.heightPx ??
      imageSizePx(unet, vae, 0) ??
      fail('expected figment.heightPx, or a sample_size in a config'),
    channels: stored.figment?.channels ?? checkChannels(isObject(vaeConfig) ? vae : unet, fail),
    ...definedOf(told),
    sampleDefaults: { ...FIGMENT_DEFAULTS.sampleDefaults, ...definedOf(stored.figment?.sampleDefaults ?? {}) },
  };
  if (figment.widthPx % numFrames !== 0) {
    fail(`figment.widthPx is ${figment.widthPx}; expected a multiple of the ${numFrames} frames, which stand in a row`);
  }
  if (figment.frames && figment.circularPadding) {
    fail('has frames and circularPadding, which do not go together; take one of them out');
  }
  const { labels, nullLabel } = labelling(stored, unet, fail);
  if (nullLabel === null) figment.sampleDefaults = { ...figment.sampleDefaults, guidanceScale: 1 };
  const undone = notOfStudent(figment);
  if (undone) fail(`figment.sampleDefaults: ${undone}`);
  const decoded = <Value>(entry: string, decode: () => Value): Value => {
    try {
      return decode();
    } catch (error) {
      return fail(`figment.${entry}: ${messageOf(error)}`);
    }
  };
  const { attributes = {} } = figment;
  if (examples !== undefined) {
    figment.examples = decoded('examples', () => parseExamples(examples, labels.length, attributes));
  }
  if (palette !== undefined) {
    const layout = placesLayout(figment.widthPx, figment.heightPx, figment.frames);
    figment.palette = decoded('palette', () => parsePalettePrior(palette, labels.length, attributes, layout));
  }
  if (probe !== undefined) {
    figment.probe = decoded('probe', () => parseProbe(probe, labels.length, attributes));
  }
  const misplaced = regionsProblem(figment.regions ?? {}, attributes);
  if (misplaced) fail(`figment.regions: ${misplaced}`);
  return { ...stored, labels, figment: nullLabel === labels.length ? figment : { ...figment, nullLabel } };
}

/** Why a distilled model's student can't paint by the model's own defaults; undefined where it can. */
function notOfStudent({ student, sampleDefaults }: FigmentEntry): string | undefined {
  if (!student) return undefined;
  const { sampler, numInferenceSteps, guidanceScale } = sampleDefaults;
  const [least, most] = student.guidanceScale;
  const isKnown = sampler === 'ddim' && student.stepCounts.includes(numInferenceSteps);
  if (isKnown && guidanceScale >= least && guidanceScale <= most) return undefined;
  return `has ${numInferenceSteps} steps of ${sampler} with guidanceScale ${guidanceScale}; expected what the student knows: ddim, ${student.stepCounts.join(', ')} steps, ${least} to ${most}`;
}

/** The latents' size times the VAE's reduction by levels and patches, or else the VAE's own size; axis 0 is the height. */
function imageSizePx(
  unet: Record<string, unknown>,
  vae: Record<string, unknown>,
  axis: 0 | 1,
  numFrames = 1,
): number | undefined {
  const numLevels = Array.isArray(vae.block_out_channels) ? vae.block_out_channels.length : 1;
  const pixelsPerLatent = patchSizeOf(vae) * 2 ** (numLevels - 1);
  const latentSize = sizeOnAxis(unet.sample_size, axis);
  const size = latentSize === undefined ? sizeOnAxis(vae.sample_size, axis) : latentSize * pixelsPerLatent;
  return v.is(SIZE_PX, size) && v.is(SIZE_PX, size * numFrames) ? size * numFrames : undefined;
}

/** The side of the squares of pixels that a VAE sees as channels. */
function patchSizeOf({ patch_size }: Record<string, unknown>): number {
  return typeof patch_size === 'number' ? patch_size : 1;
}

/** diffusers stores one number for a square, else [height, width]. */
function sizeOnAxis(sampleSize: unknown, axis: 0 | 1): number | undefined {
  const size = Array.isArray(sampleSize) ? sampleSize[axis] : sampleSize;
  return typeof size === 'number' ? size : undefined;
}

/** Of the network that makes pixels: each of its channels is that of one pixel of a patch. */
function checkChannels(network: Record<string, unknown>, fail: (problem: string) => never): NumValues {
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
  unet: Record<string, unknown>,
  fail: (problem: string) => never,
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
  unet: Record<string, unknown>,
  named: number | null | undefined,
  fail: (problem: string) => never,
): { labels: string[]; nullLabel: number | null } {
  const knowsNone = Object.keys(unet).length > 0 && unet.class_embed_type !== 'identity';
  if (!knowsNone) return { labels, nullLabel: named === undefined ? labels.length : named };
  if (labels.length > 1)
    fail(`holds ${labels.length} labels, but the U-Net's num_class_embeds is null: it knows no classes`);
  return { labels: labels.length === 1 ? labels : [ONLY_LABEL], nullLabel: null };
}
