// A picture of several frames has them in a row; its latents have those of the frames stacked along channels.
import { concat, dispose, slice, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { middleSwapped } from '../networks/middleSwapped.ts';

/** How pictures come apart into frames, (B, …) → (B · F, …), and together again. The caller disposes what they return. */
interface FrameOrder {
  apart(pictures: Tensor4D, numFrames: number): Tensor4D;
  together(frames: Tensor4D, numFrames: number): Tensor4D;
}

/** (B, H, F · W, C) ↔ (B · F, H, W, C). */
export const IN_A_ROW: FrameOrder = {
  apart(pictures, numFrames) {
    const [batch, height, width, channels] = pictures.shape;
    const frameWidth = width / numFrames;
    const shape: Shape = [batch * numFrames, height, frameWidth, channels];
    return middleSwapped(pictures, [batch, height, numFrames, frameWidth * channels], shape);
  },
  together(frames, numFrames) {
    const [count, height, width, channels] = frames.shape;
    const batch = count / numFrames;
    const shape: Shape = [batch, height, numFrames * width, channels];
    return middleSwapped(frames, [batch, numFrames, height, width * channels], shape);
  },
};

/** (B, h, w, F · c) ↔ (B · F, h, w, c). */
export const STACKED: FrameOrder = {
  apart(latents, numFrames) {
    const [batch, height, width, channels] = latents.shape;
    const own = channels / numFrames;
    return middleSwapped(latents, [batch, height * width, numFrames, own], [batch * numFrames, height, width, own]);
  },
  together(latents, numFrames) {
    const [count, height, width, channels] = latents.shape;
    const batch = count / numFrames;
    const shape: Shape = [batch, height, width, numFrames * channels];
    return middleSwapped(latents, [batch, numFrames, height * width, channels], shape);
  },
};

type Shape = [number, number, number, number];

/**
 * Works on pictures frame by frame, all frames of one picture at once, so that memory does not grow with their number.
 *
 * @param work given (F, …); the generator keeps and frees what it is given, and frees what it returns
 * @returns    through the generator, (B, …); the caller disposes it, and keeps the pictures until then
 */
export function* framewiseInSlices(
  pictures: Tensor4D,
  numFrames: number,
  work: (frames: Tensor4D) => Generator<void, Tensor4D>,
  from: FrameOrder,
  to: FrameOrder,
): Generator<void, Tensor4D> {
  const [batch, ...shape] = pictures.shape;
  const done: Tensor4D[] = [];
  try {
    for (let i = 0; i < batch; i++) {
      const frames = tidy(() => from.apart(slice(pictures, [i, 0, 0, 0], [1, ...shape]), numFrames));
      try {
        const made = yield* work(frames);
        done.push(to.together(made, numFrames));
        made.dispose();
      } finally {
        frames.dispose();
      }
    }
    return concat(done, 0);
  } finally {
    dispose(done);
  }
}
