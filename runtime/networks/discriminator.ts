import { add, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { silu } from '../kernels/silu.ts';
import { upsample2x } from '../kernels/upsample.ts';
import { conv, convShapes, meanOf2x2, type Shapes, type Weights } from './layers.ts';

/** Channels of each level; the first two halve the image. */
const WIDTHS = [32, 64, 64];

/** Begins the names of the discriminator's weights, which stand beside those of an auto-encoder in training alone. */
const PREFIX = 'discriminator.';

export const isOfDiscriminator = (name: string) => name.startsWith(PREFIX);

const levelOf = (i: number) => `${PREFIX}levels.${i}`;
const LATENTS = `${PREFIX}latents`;
const HEAD = `${PREFIX}head`;

/** The level whose input the latents are added to. */
const JOINED = 2;

/** Shapes of all weights by name, in PyTorch's layout, for images and latents of so many channels. */
export function discriminatorShapes(channels: number, latentChannels: number): Shapes {
  const shapes: Shapes = new Map();
  for (const [i, width] of WIDTHS.entries()) {
    convShapes(shapes, `${levelOf(i)}.conv`, i === 0 ? channels : WIDTHS[i - 1]!, width);
  }
  convShapes(shapes, LATENTS, latentChannels, WIDTHS[JOINED - 1]!, 1);
  convShapes(shapes, HEAD, WIDTHS.at(-1)!, 1);
  return shapes;
}

/**
 * Says of each patch of an image how real it looks for its latents, the larger the more. Each number sees 23 pixels a side,
 * so that it judges grain and edges, and not what is shown. It is told the latents because grain that is real in grass is
 * none in bark. Nothing is normalised: how strong the grain is must count.
 *
 * Source: the PatchGAN of Isola et al. 2017, arXiv:1611.07004, section 3.2.2, conditioned as in their eq. (1); beside an
 * auto-encoder, Esser et al. 2021, arXiv:2012.09841.
 * @param weights  by name, in our layout
 * @param x        float32 (B, H, W, channels), range [−1, 1]; H and W multiples of 4
 * @param z        float32 (B, h, w, latent channels), scaled as the U-Net sees them; H and W are h and w times a power of 2
 * @param circular every convolution wraps around the borders
 * @returns        float32 (B, H/4, W/4, 1); the caller disposes it
 */
export function discriminate(weights: Weights, x: Tensor4D, z: Tensor4D, circular: boolean): Tensor4D {
  return tidy(() => {
    let h = x;
    for (const i of WIDTHS.keys()) {
      if (i === JOINED) h = add(h, sizedAs(h, conv(weights, LATENTS, z, { circular })));
      h = silu(conv(weights, `${levelOf(i)}.conv`, h, { stride: i < 2 ? 2 : 1, circular }));
    }
    return conv(weights, HEAD, h, { circular });
  });
}

/** Doubled or halved until it has the height of the other. */
function sizedAs({ shape: [, height] }: Tensor4D, z: Tensor4D): Tensor4D {
  let sized = z;
  while (sized.shape[1] < height) sized = upsample2x(sized);
  while (sized.shape[1] > height) sized = meanOf2x2(sized);
  return sized;
}
