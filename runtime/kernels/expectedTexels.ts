// The colours of a palette for pictures that are on the GPU.
import { engine, type Tensor1D, type Tensor3D } from '@tensorflow/tfjs-core';
import { MAX_PARTS } from '../core/palettePlaces.ts';

export const EXPECTED_TEXELS = 'FigmentExpectedTexels';

/** How many values a palette has for each colour. */
export const PALETTE_ENTRY = 8;

/** What decides between colours, and how the palette is laid out: see `PalettePrior` and `PalettePlaces`. */
export interface ExpectedTexelsAttrs {
  numColours: number;
  numFrames: number;
  /** The width of one frame in pixels. */
  frameWidth: number;
  /** The standard deviation in Oklab. */
  deviation: number;
  /** 0 … 1. */
  sure: number;
  /** Whether texels become opaque or clear, with nothing between. */
  isCut: boolean;
}

/**
 * Gives every texel the colour that is to be expected where it was decoded, as `expectedColours` does to bytes on the CPU. Alpha
 * stays, and transparent texels stay as they are, unless they are cut. The GPU computes with 32 bits: a byte may differ by 1 from the
 * CPU's, and where two colours are as good as equally likely, it may take the other one. On WebGPU alone.
 *
 * @param texels  (2, H, W rounded up to 64), as `packTexels` makes them; they stay the caller's
 * @param palette float32, one after the other: (n, 8), of each colour its Oklab, its cost (0 or more), its red, green and blue
 *                (0 … 255), and its place among the shares; (n, 32), the shares of parts as chances; (frames), the view of each; and
 *                the bytes of (views, H, width, 32), those of the parts and `NEVER` behind them
 * @returns       texels of the same shape; the caller disposes them
 * @throws        RangeError when the texels have another shape, or the palette no colours, or another length
 */
export function expectedTexels(texels: Tensor3D, palette: Tensor1D, attrs: ExpectedTexelsAttrs): Tensor3D {
  const { numColours, numFrames, frameWidth } = attrs;
  const numBytes = 4 * (palette.size - numColours * (PALETTE_ENTRY + MAX_PARTS) - numFrames);
  const numViews = numBytes / MAX_PARTS / frameWidth / texels.shape[1]!;
  if (texels.rank !== 3 || texels.shape[0] !== 2 || numColours < 1 || !(Number.isInteger(numViews) && numViews > 0)) {
    throw new RangeError(
      `expectedTexels: texels (${texels.shape}) and a palette of ${numColours} colours and ${numViews} views; expected (2, H, W) and whole views`,
    );
  }
  return engine().runKernel(EXPECTED_TEXELS, { texels, palette }, { ...attrs }) as Tensor3D;
}
