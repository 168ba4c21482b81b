// The colours of a palette for pictures that are on the GPU.
import { engine, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';

export const LIKELIEST_TEXELS = 'FigmentLikeliestTexels';

/** How many values a palette has for each colour. */
export const PALETTE_ENTRY = 8;

/**
 * Gives every texel the colour that it is most likely meant to be, as `likeliestColours` does to bytes on the CPU: of those of
 * the palette the one of the least squared distance in Oklab and cost, the first of equal ones. Alpha stays, and transparent
 * texels stay as they are. The GPU computes with 32 bits: where two colours are as good as equally likely, it may take the
 * other one. On WebGPU alone.
 *
 * @param texels  (2, H, W rounded up to 64), as `packTexels` makes them; they stay the caller's
 * @param palette float32 (n, 8): of each colour its Oklab, its cost (0 or more), its red, green and blue (0 … 255), and 0; by
 *                rising cost
 * @returns       texels of the same shape; the caller disposes them
 * @throws        RangeError when either has another shape, or the palette has no colours
 */
export function likeliestTexels(texels: Tensor3D, palette: Tensor2D): Tensor3D {
  const [numHalves] = texels.shape;
  if (texels.shape.length !== 3 || numHalves !== 2) {
    throw new RangeError(
      `likeliestTexels: the texels are (${texels.shape}); expected (2, H, W), as packTexels makes them`,
    );
  }
  const [numColours, numValues] = palette.shape;
  if (palette.shape.length !== 2 || numColours < 1 || numValues !== PALETTE_ENTRY || palette.dtype !== 'float32') {
    throw new RangeError(
      `likeliestTexels: the palette is ${palette.dtype} (${palette.shape}); expected float32 (n, ${PALETTE_ENTRY}), n at least 1`,
    );
  }
  return engine().runKernel(LIKELIEST_TEXELS, { texels, palette }) as Tensor3D;
}
