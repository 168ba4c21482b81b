// The grain of a recipe's picture, laid over what is decoded: white noise of its seed, convolved with the texton of its label.
import { add, concat, scalar, slice, type Tensor1D, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import type { Grain } from '../core/grain.ts';
import { normals } from '../core/random.ts';
import { SAMPLING_STREAMS } from '../core/streams.ts';
import { conv2d } from '../kernels/conv2d.ts';
import { seedBits, seededNormals } from '../kernels/normals.ts';
import { NO_SHIFT, roll, type Shift } from '../networks/roll.ts';
import { labelShares } from '../recipe/label.ts';
import type { Recipe } from '../recipe/recipe.ts';
import type { ModelIndex } from '../weights/modelIndex.ts';
import { ignoresWords } from './decidedAttributes.ts';
import type { DiffusionModel } from './model.ts';
import { ofSeeds } from './ofSeeds.ts';
import { recordedInSlices } from './recordedPass.ts';

const STREAM = SAMPLING_STREAMS.grain.first;

/**
 * Decoded pictures with the grain of their labels, where the model knows any. It repeats without a seam, and belongs to the seed: a
 * material that ages keeps it. Pictures that ignore what is asked for have none.
 *
 * @param recipes of the pictures, in their order
 * @param images  float32 (B, H, W, channels), as `decodeLatents` gives them; the caller keeps them until the end
 * @param shift   moves the noise around the borders by so many pixels
 * @returns       through the generator, the same with grain, which the caller disposes; null where there is none
 */
export function* grainedInSlices(
  model: Pick<DiffusionModel, 'index'>,
  recipes: readonly Recipe[],
  images: Tensor4D,
  shift: Shift = NO_SHIFT,
): Generator<void, Tensor4D | null> {
  const { grain } = model.index.figment;
  if (!grain || ignoresWords(recipes[0]!)) return null;
  const white = yield* whiteNoise(model, recipes.slice(0, images.shape[0]), images.shape);
  const grained: Tensor4D[] = [];
  try {
    for (const [i, recipe] of recipes.slice(0, images.shape[0]).entries()) {
      grained.push(
        tidy(() => withGrain(imageAt(images, i), roll(imageAt(white, i), shift), textonOf(grain, model.index, recipe))),
      );
      yield;
    }
    return tidy(() => concat(grained, 0));
  } finally {
    for (const tensor of [white, ...grained]) tensor.dispose();
  }
}

const imageAt = (images: Tensor4D, i: number): Tensor4D => slice(images, [i, 0, 0, 0], [1, -1, -1, -1]);

function withGrain(image: Tensor4D, white: Tensor4D, texton: Tensor4D): Tensor4D {
  return add(image, conv2d(white, texton, null, { circular: true }));
}

/** The texton of a recipe's label, or of two that it blends, as a filter (side, side, 1, channels). */
function textonOf({ side, textons }: Grain, { labels, figment }: ModelIndex, recipe: Recipe): Tensor4D {
  const size = side * side * figment.channels;
  const texton = new Float32Array(size);
  for (const [place, share] of labelShares(labels, recipe)) {
    for (let i = 0; i < size; i++) texton[i]! += share * textons[place * size + i]!;
  }
  return tensor4d(texton, [side, side, 1, figment.channels]);
}

/** Standard normal pixels of each picture, (B, H, W, 1): of its seed, or between two; by a recording, where there are any. */
function* whiteNoise(
  owner: object,
  recipes: readonly Recipe[],
  [batch, height, width]: Tensor4D['shape'],
): Generator<void, Tensor4D> {
  const shape: Tensor4D['shape'] = [batch, height, width, 1];
  const size = height * width;
  const drawn = () =>
    tensor4d(
      ofSeeds(recipes, size, (seed) => normals(seed, STREAM, size)),
      shape,
    );
  if (recipes.some(({ interpolate }) => interpolate)) return drawn();
  return yield* recordedInSlices(owner, {
    name: `grain ${shape}`,
    inputs: [{ input: seedBits(recipes.map(({ seed }) => seed)), shape: [batch] }],
    shape,
    pass: (seeds) => seededNormals<Tensor4D>(seeds as Tensor1D, scalar(STREAM), shape),
    // biome-ignore lint/correctness/useYield: drawn at once
    *inSlices() {
      return drawn();
    },
  });
}
