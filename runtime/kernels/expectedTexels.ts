// The colours of a palette for pictures that are on the GPU.
import { engine, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';

export const EXPECTED_TEXELS = 'FigmentExpectedTexels';

/** How many values a palette has for each colour. */
export const PALETTE_ENTRY = 8;

/** What decides between colours: see `PalettePrior`. */
export interface ExpectedTexelsAttrs {
  /** The standard deviation in Oklab. */
  deviation: number;
  /** 0 … 1. */
  sure: number;
}

/**
 * Gives every texel the colour that is to be expected where it was decoded, as `expectedColours` does to bytes on the CPU. Alpha
 * stays, and transparent texels stay as they are. The GPU computes with 32 bits: a byte may differ by 1 from the CPU's, and where two
 * colours are as good as equally likely, it may take the other one. On WebGPU alone.
 *
 * @param texels  (2, H, W rounded up to 64), as `packTexels` makes them; they stay the caller's
 * @param palette float32 (n, 8): of each colour its Oklab, its cost (0 or more), its red, green and blue (0 … 255), and 0
 * @returns       texels of the same shape; the caller disposes them
 * @throws        RangeError when either has another shape, or the palette has no colours
 */
export function expectedTexels(texels: Tensor3D, palette: Tensor2D, attrs: ExpectedTexelsAttrs): Tensor3D {
  const [numHalves] = texels.shape;
  if (texels.shape.length !== 3 || numHalves !== 2) {
    throw new RangeError(
      `expectedTexels: the texels are (${texels.shape}); expected (2, H, W), as packTexels makes them`,
    );
  }
  const [numColours, numValues] = palette.shape;
  if (palette.shape.length !== 2 || numColours < 1 || numValues !== PALETTE_ENTRY || palette.dtype !== 'float32') {
    throw new RangeError(
      `expectedTexels: the palette is ${palette.dtype} (${palette.shape}); expected float32 (n, ${PALETTE_ENTRY}), n at least 1`,
    );
  }
  return engine().runKernel(EXPECTED_TEXELS, { texels, palette }, { ...attrs }) as Tensor3D;
}
