import { type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { silu } from '../kernels/silu.ts';
import { conv, convShapes, type Shapes, type Weights } from './layers.ts';

/** Channels of each level; the first two halve the image. */
const WIDTHS = [32, 64, 64];

/** Begins the names of the discriminator's weights, which stand beside those of an auto-encoder in training alone. */
const PREFIX = 'discriminator.';

export const isOfDiscriminator = (name: string) => name.startsWith(PREFIX);

const levelOf = (i: number) => `${PREFIX}levels.${i}`;
const HEAD = `${PREFIX}head`;

/** Shapes of all weights by name, in PyTorch's layout, for images of so many channels. */
export function discriminatorShapes(channels: number): Shapes {
  const shapes: Shapes = new Map();
  for (const [i, width] of WIDTHS.entries()) {
    convShapes(shapes, `${levelOf(i)}.conv`, i === 0 ? channels : WIDTHS[i - 1]!, width);
  }
  convShapes(shapes, HEAD, WIDTHS.at(-1)!, 1);
  return shapes;
}

/**
 * Says of each patch of an image how real it looks, the larger the more. Each number sees 23 pixels a side, so that it
 * judges grain and edges, and not what is shown. Nothing is normalised: how strong the grain is must count.
 *
 * Source: the PatchGAN of Isola et al. 2017, arXiv:1611.07004, section 3.2.2; beside an auto-encoder, Esser et al. 2021,
 * arXiv:2012.09841.
 * @param weights  by name, in our layout
 * @param x        float32 (B, H, W, channels), range [−1, 1]; H and W multiples of 4
 * @param circular every convolution wraps around the borders
 * @returns        float32 (B, H/4, W/4, 1); the caller disposes it
 */
export function discriminate(weights: Weights, x: Tensor4D, circular: boolean): Tensor4D {
  return tidy(() => {
    let h = x;
    for (const i of WIDTHS.keys()) {
      h = silu(conv(weights, `${levelOf(i)}.conv`, h, { stride: i < 2 ? 2 : 1, circular }));
    }
    return conv(weights, HEAD, h, { circular });
  });
}
