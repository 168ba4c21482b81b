import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { UNet2DCondition } from '../networks/unet2dEmbedding.ts';

/**
 * What stands for a model's networks where they compute outside of TensorFlow.js, such as in ONNX Runtime. All pause at every
 * turn until the result is there, which the caller disposes; images and latents are (B, H, W, C), latents scaled.
 */
export interface Elsewhere {
  unet(xt: Tensor4D, t: ArrayLike<number>, condition: UNet2DCondition): Generator<void, Tensor4D>;
  decode(latents: Tensor4D): Generator<void, Tensor4D>;
  encode(images: Tensor4D): Generator<void, Tensor4D>;
  dispose(): void;
}
