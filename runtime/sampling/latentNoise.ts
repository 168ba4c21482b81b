import { type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { slerp } from '../diffusion/slerp.ts';
import type { Recipe } from '../recipe/recipe.ts';
import type { SamplingPlan } from './samplingPlan.ts';
import { tiledNormals } from './tiledNoise.ts';

/** What noise is for: the step of a sampler, what is kept of an image, or the way back to before a step. */
const USES = ['step', 'kept', 'back'] as const;

/** The stream of a seed that starts its image. */
const START_STREAM = 0;
/** More than there are steps. */
const STREAMS_PER_USE = 2 ** 16;

/** Standard normal latents that the images begin with, (B, h, w, c): of their seeds, or between two of them. */
export function startNoise(plan: SamplingPlan): Tensor4D {
  const draw = (seed: number) => tiledNormals(seed, START_STREAM, plan.latentShape, plan.tiles);
  return latentsOf(plan, ({ seed, interpolate }) =>
    interpolate ? slerp(draw(seed), draw(interpolate.seed), interpolate.amount) : draw(seed),
  );
}

/** Standard normal latents of each image, (B, h, w, c): of its seed, the step, which time that is made, and the use. */
export function noise(plan: SamplingPlan, use: (typeof USES)[number], index: number, pass: number): Tensor4D {
  const stream = STREAMS_PER_USE * (USES.length * pass + USES.indexOf(use)) + index + 1;
  return latentsOf(plan, ({ seed }) => tiledNormals(seed, stream, plan.latentShape, plan.tiles));
}

/** Puts the values of each image together. */
function latentsOf(
  { recipes, latentShape: [height, width, channels] }: SamplingPlan,
  draw: (recipe: Recipe) => Float32Array,
): Tensor4D {
  const size = height * width * channels;
  const values = new Float32Array(recipes.length * size);
  for (const [i, recipe] of recipes.entries()) values.set(draw(recipe), i * size);
  return tensor4d(values, [recipes.length, height, width, channels]);
}
