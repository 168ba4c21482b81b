// What one step of a diffusion's training sees: it depends on the seed and the step alone.
import { integers, normals, uniforms } from '../core/random.ts';
import { DIFFUSION_STREAMS, streamAt } from '../core/streams.ts';
import { shiftCircular } from '../dataset/augment.ts';
import { type BatchIndicesOptions, batchIndices } from '../dataset/batches.ts';
import type { ConditioningConfig } from '../networks/conditioningConfig.ts';
import { type LatentStatistics, standardiser } from '../networks/latentScaling.ts';
import { numElements } from '../weights/weightTensor.ts';
import type { Batch } from './batch.ts';
import { dropConditions } from './dropConditions.ts';
import { drawLatents, type LatentDataset, type LatentSubjects } from './latentDataset.ts';

/** Timesteps of a new model's schedule. */
export const NUM_TIMESTEPS = 1000;

/** What a batch of latents depends on, beside the step. */
export interface DiffusionBatchOptions extends BatchIndicesOptions {
  /**
   * Share of images that are trained without their label, 0 … 1, for classifier-free guidance; default 0.1 (Ho & Salimans 2022,
   * arXiv:2207.12598).
   */
  condDropProb: number;
  /** Above 1 draws more timesteps of much noise, between 0 and 1 fewer, see `drawTimesteps`; default 1, all equally often. */
  timestepShift: number;
  /** The latents of every image are rolled by whole cells, as those of seamless pictures can be; default false. */
  isRolled: boolean;
  /**
   * The network for label and attributes of a U-Net with `class_embed_type: "identity"`; default null, where the U-Net takes the
   * label itself.
   */
  conditioning: ConditioningConfig | null;
}

/**
 * The batch of a step: latents x0, noise eps, timesteps t, and what the network is told of each, some of it left out.
 *
 * @param all places of the latents to draw from
 */
export function diffusionBatch(
  latents: LatentDataset,
  statistics: LatentStatistics,
  all: Int32Array,
  nullLabel: number,
  options: DiffusionBatchOptions,
  step: number,
): Batch {
  const { batchSize, seed, isRolled } = options;
  const chosen = batchIndices(all, latents.classLabels, options, step);
  const noise = normals(seed, streamAt(DIFFUSION_STREAMS.posterior, step), batchSize * numElements(latents.shape));
  const x0 = drawLatents(latents, chosen, standardiser(statistics), noise);
  if (isRolled) rollEach(x0, latents.shape, uniforms(seed, streamAt(DIFFUSION_STREAMS.roll, step), 2 * batchSize));
  return {
    x0: { shape: [batchSize, ...latents.shape], data: x0 },
    t: { shape: [batchSize], data: drawTimesteps(batchSize, options, step) },
    ...noiseBatch(latents, all, nullLabel, options, step),
  };
}

/** What a batch of that step has besides latents: the noise eps, and what the network is told. */
export function noiseBatch(
  subjects: LatentSubjects,
  all: Int32Array,
  nullLabel: number,
  options: DiffusionBatchOptions,
  step: number,
): Batch {
  const { batchSize, seed } = options;
  const chosen = batchIndices(all, subjects.classLabels, options, step);
  const eps = normals(seed, streamAt(DIFFUSION_STREAMS.eps, step), batchSize * numElements(subjects.shape));
  return {
    eps: { shape: [batchSize, ...subjects.shape], data: eps },
    ...conditionArrays(subjects, chosen, nullLabel, options, step),
  };
}

/**
 * Timesteps from 0 to 999: of numbers u drawn evenly from 0 to 1, the places s u / (1 + (s − 1) u). What is the same all over
 * a picture, such as which way its boards run, shows through much noise, and is decided in the first few of all timesteps. With
 * a shift s of 5, 36 % of them are above 900.
 *
 * Source: Esser et al. 2024, arXiv:2403.03206, eq. (23), where it makes up for sizes of pictures.
 */
export function drawTimesteps(
  count: number,
  { seed, timestepShift: s }: Pick<DiffusionBatchOptions, 'seed' | 'timestepShift'>,
  step: number,
): Int32Array {
  const whole = integers(seed, streamAt(DIFFUSION_STREAMS.time, step), count, NUM_TIMESTEPS);
  if (s === 1) return whole;
  const within = uniforms(seed, streamAt(DIFFUSION_STREAMS.withinTime, step), count);
  return whole.map((t, i) => {
    const u = (t + within[i]!) / NUM_TIMESTEPS;
    return Math.min(NUM_TIMESTEPS - 1, Math.floor((NUM_TIMESTEPS * s * u) / (1 + (s - 1) * u)));
  });
}

/** What the network is told of the chosen images. */
function conditionArrays(
  subjects: LatentSubjects,
  chosen: Int32Array,
  nullLabel: number,
  { seed, condDropProb, conditioning }: DiffusionBatchOptions,
  step: number,
): Batch {
  const batch = chosen.length;
  const known = chosen.map((image) => subjects.classLabels[image]!);
  if (!conditioning) {
    const dropped = uniforms(seed, streamAt(DIFFUSION_STREAMS.drop, step), batch);
    const classLabels = known.map((label, i) => (dropped[i]! < condDropProb ? nullLabel : label));
    return { classLabels: { shape: [batch], data: classLabels } };
  }
  const count = Object.keys(conditioning.attributes).length;
  const attributes = new Float32Array(batch * count);
  chosen.forEach((image, i) => {
    attributes.set(subjects.attributes?.subarray(image * count, (image + 1) * count) ?? [], i * count);
  });
  const conditions = { classLabels: known, attributes };
  const told = dropConditions(conditions, nullLabel, condDropProb, seed, streamAt(DIFFUSION_STREAMS.drop, step));
  return {
    classLabels: { shape: [batch], data: told.classLabels },
    attributes: { shape: [batch, count], data: told.attributes },
  };
}

/** Shifts each image by whole cells in x and y, by two uniform draws, wrapping at the edges. */
function rollEach(x0: Float32Array, [height, width, channels]: LatentDataset['shape'], draws: Float64Array): void {
  const size = height * width * channels;
  const spare = new Float32Array(size);
  for (let i = 0; i * size < x0.length; i++) {
    const image = x0.subarray(i * size, (i + 1) * size);
    const [dx, dy] = [Math.floor(draws[2 * i]! * width), Math.floor(draws[2 * i + 1]! * height)];
    shiftCircular(image, spare, { heightPx: height, widthPx: width, channels }, dx, dy);
    image.set(spare);
  }
}

/** @throws RangeError when the latents have not a value for each attribute of the conditioning */
export function checkAttributes(
  { classLabels, attributes }: LatentSubjects,
  conditioning: ConditioningConfig | null,
): void {
  const expected = classLabels.length * Object.keys(conditioning?.attributes ?? {}).length;
  const found = attributes?.length ?? 0;
  if (!conditioning || found === expected) return;
  throw new RangeError(
    `diffusionTrainer: the latents have ${found} attributes; expected ${expected}, by encodeColumns`,
  );
}
