import { mul, scalar, type Tensor1D, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { normals } from '../core/random.ts';
import { SAMPLING_STREAMS } from '../core/streams.ts';
import { seedBits, seededNormals } from '../kernels/normals.ts';
import { roll } from '../networks/roll.ts';
import type { Tiles } from '../networks/windows.ts';
import { ofSeeds } from './ofSeeds.ts';
import { recordedInSlices } from './recordedPass.ts';
import type { SamplingPlan } from './samplingPlan.ts';

/** What noise is for: the step of a sampler, what is kept of an image, or the way back to before a step. */
const USES = ['step', 'kept', 'back'] as const;

/** The stream of a seed that starts its image. */
const START_STREAM = SAMPLING_STREAMS.noise.first;
/** More than there are steps. */
const STREAMS_PER_USE = 2 ** 16;

/**
 * Standard normal latents that the images begin with, times `scale`: of their seeds, or between two of them. Where steps are
 * recorded, those of the seeds alone are, too.
 *
 * @param owner frees the recording by `forgetRecordings`
 * @returns     through the generator, (B, h, w, c); the caller disposes it
 */
export function* startNoiseInSlices(owner: object, plan: SamplingPlan, scale: number): Generator<void, Tensor4D> {
  const { recipes, latentShape, tiles, isRecorded } = plan;
  const scaled = (eps: Tensor4D): Tensor4D => (scale === 1 ? eps : mul(eps, scale));
  if (!isRecorded || tiles[0] * tiles[1] > 1 || recipes.some(({ interpolate }) => interpolate)) {
    return tidy(() => scaled(startNoise(plan)));
  }
  const shape = [recipes.length, ...latentShape];
  return yield* recordedInSlices(owner, {
    name: `noise ${shape} times ${scale}`,
    inputs: [{ input: seedsOf(plan), shape: [recipes.length] }],
    shape,
    pass: (seeds) => scaled(seededNormals(seeds as Tensor1D, scalar(START_STREAM), shape)),
    inSlices: function* () {
      return tidy(() => scaled(startNoise(plan)));
    },
  });
}

/** The seeds of the images, as `seededNormals` takes them. */
export function seedsOf({ recipes }: SamplingPlan): Float32Array {
  return seedBits(recipes.map(({ seed }) => seed));
}

function startNoise(plan: SamplingPlan): Tensor4D {
  return drawnNoise(plan, plan.recipes, START_STREAM);
}

/** Standard normal latents of each image, (B, h, w, c): of its seed, the step, which time that is made, and the use. */
export function noise(plan: SamplingPlan, ...of: NoiseOf): Tensor4D {
  const seeds = plan.recipes.map(({ seed }) => ({ seed }));
  return drawnNoise(plan, seeds, noiseStream(...of));
}

function drawnNoise(
  { latentShape, tiles, noiseShift }: SamplingPlan,
  recipes: Parameters<typeof ofSeeds>[0],
  stream: number,
): Tensor4D {
  const size = latentShape[0] * latentShape[1] * latentShape[2];
  const values = ofSeeds(recipes, size, (seed) => tiledNormals(seed, stream, latentShape, tiles));
  return tidy(() => roll(tensor4d(values, [recipes.length, ...latentShape]), noiseShift));
}

type NoiseOf = [use: (typeof USES)[number], index: number, pass: number];

/** The stream of each seed that `noise` draws from. */
export function noiseStream(...[use, index, pass]: NoiseOf): number {
  return STREAMS_PER_USE * (USES.length * pass + USES.indexOf(use)) + index + 1;
}

/** Share of the variance that all tiles of a picture have in common: less, and each looks like another material. */
export const COMMON_SHARE = 0.85;

/**
 * Standard normal values of a picture of several tiles: a part that is the same in all, which makes it one material, and a
 * part of each tile's own, by which it does not repeat. One tile has its noise alone.
 *
 * Source: the mixed noise of Ge et al. 2023, arXiv:2305.10474, section 4.1, there for the frames of a video.
 * @param stream 0 … 2^31 − 1
 * @param shape  (h, w, c) of the picture, divisible by the tiles
 * @returns      float32 (h, w, c); any two tiles correlate by COMMON_SHARE
 */
export function tiledNormals(
  seed: number,
  stream: number,
  [height, width, channels]: readonly [number, number, number],
  [down, across]: Tiles,
): Float32Array {
  const size = height * width * channels;
  const tile = normals(seed, stream, size / (down * across));
  if (down * across === 1) return tile;
  const values = normals(seed, SAMPLING_STREAMS.tileNoise.first + stream, size);
  const [common, own] = [Math.sqrt(COMMON_SHARE), Math.sqrt(1 - COMMON_SHARE)];
  const [tileHeight, rowSize] = [height / down, (width / across) * channels];
  for (let i = 0; i < size; i++) {
    const row = Math.floor(i / (width * channels)) % tileHeight;
    values[i] = common * tile[row * rowSize + (i % rowSize)]! + own * values[i]!;
  }
  return values;
}
