// The loss of a network that guesses heights from colours.
import { type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { autoencoderKlShapes, decode, encode } from '../networks/autoencoderKl.ts';
import type { AutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import { batchTensor } from './batch.ts';
import { reconstructionError } from './losses.ts';
import type { TrainingTask } from './trainingTask.ts';

/** How a network is trained that guesses the height of a picture: an auto-encoder with one channel at its end. */
export interface HeightSpec {
  kind: 'height';
  config: AutoencoderKlConfig;
  circular: boolean;
}

/** Batch: x (B, H, W, 3), pictures, and y (B, H, W, 1), their heights, both in [−1, 1]. */
export function heightTask({ config, circular }: HeightSpec): TrainingTask {
  return {
    shapes: autoencoderKlShapes(config),
    isTrained: () => true,
    loss: (weights, batch) =>
      tidy(() => {
        const { mean: code } = encode(config, weights, batchTensor<Tensor4D>(batch, 'x'), circular);
        const guessed = decode(config, weights, code, circular);
        return { loss: reconstructionError('l1', batchTensor<Tensor4D>(batch, 'y'), guessed), metrics: {} };
      }),
  };
}
