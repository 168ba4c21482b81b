import { abs, dispose, mean, slice4d, sub, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { MATERIAL_CHANNELS } from '../core/channelNames.ts';
import { decode, encode } from '../networks/autoencoderKl.ts';
import type { AutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import type { Weights } from '../networks/layers.ts';
import type { ImageSet } from './imageSet.ts';

/** A network that guesses height from pictures, as `heightTrainer` trains it, with its weights on the current backend. */
export interface HeightGuesser {
  config: AutoencoderKlConfig;
  weights: Weights;
  circular: boolean;
}

const BATCH = 16;

/**
 * How far the heights of materials are from what their pictures look like: the mean absolute difference to the guesses of a
 * network that has learnt it from real materials. Heights that belong to another picture err more.
 *
 * @param materials values of six channels
 * @returns         0 … 1, in units of the whole height
 * @throws          RangeError when the images are no materials
 */
export async function heightError(guesser: HeightGuesser, materials: ImageSet): Promise<number> {
  const { values, classLabels, shape } = materials;
  const [height, width, channels] = shape;
  if (channels !== MATERIAL_CHANNELS) {
    throw new RangeError(
      `heightError: the images have ${channels} channels; expected ${MATERIAL_CHANNELS}, of materials`,
    );
  }
  const length = height * width * channels;
  let sum = 0;
  for (let start = 0; start < classLabels.length; start += BATCH) {
    const count = Math.min(BATCH, classLabels.length - start);
    const batch = values.subarray(start * length, (start + count) * length);
    const error = errorOf(guesser, batch, [count, height, width]);
    sum += count * (await error.data())[0]!;
    dispose(error);
  }
  return sum / classLabels.length / 2; // values go from −1 to 1
}

function errorOf(
  { config, weights, circular }: HeightGuesser,
  values: Float32Array,
  [count, height, width]: [number, number, number],
) {
  return tidy(() => {
    const x = tensor4d(values, [count, height, width, MATERIAL_CHANNELS]);
    const picture = slice4d(x, [0, 0, 0, 0], [count, height, width, 3]);
    const guessed = decode(config, weights, encode(config, weights, picture, circular).mean, circular);
    return mean(abs(sub(guessed, slice4d(x, [0, 0, 0, 3], [count, height, width, 1]))));
  });
}
