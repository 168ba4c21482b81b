// The colours of a palette for pictures that are on the GPU.
import { engine, type Tensor1D, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';

export const EXPECTED_TEXELS = 'FigmentExpectedTexels';

/** How many values a palette has for each colour. */
export const PALETTE_ENTRY = 8;

/** Where colours show: see `PalettePlaces`. */
export interface TexelPlaces {
  /** The bytes of (cells, 32): those of the parts, and `NEVER` behind them. */
  parts: Tensor1D;
  /** float32 (colours, 32): chances, and 0 behind them. */
  shares: Tensor2D;
  /** float32 (frames): the view of each. */
  views: Tensor1D;
  /** Of a frame. */
  widthPx: number;
}

/** What decides between colours: see `PalettePrior`. */
export interface ExpectedTexelsAttrs {
  /** The standard deviation in Oklab. */
  deviation: number;
  /** 0 … 1. */
  sure: number;
  /** Whether texels become opaque or clear, with nothing between. */
  isCut: boolean;
}

/**
 * Gives every texel the colour that is to be expected where it was decoded, as `expectedColours` does to bytes on the CPU. Alpha
 * stays, and transparent texels stay as they are, unless they are cut. The GPU computes with 32 bits: a byte may differ by 1 from the CPU's, and where two
 * colours are as good as equally likely, it may take the other one. On WebGPU alone.
 *
 * @param texels  (2, H, W rounded up to 64), as `packTexels` makes them; they stay the caller's
 * @param palette float32 (n, 8): of each colour its Oklab, its cost (0 or more), its red, green and blue (0 … 255), and its place among
 *                the shares of `places`
 * @param places  of a picture as large as the texels say
 * @returns       texels of the same shape; the caller disposes them
 * @throws        RangeError when either has another shape, or the palette has no colours
 */
export function expectedTexels(
  texels: Tensor3D,
  palette: Tensor2D,
  { deviation, sure, isCut }: ExpectedTexelsAttrs,
  places: TexelPlaces,
): Tensor3D {
  const { shape, dtype } = palette;
  const isPalette = shape[0] > 0 && shape[1] === PALETTE_ENTRY && dtype === 'float32';
  if (texels.rank !== 3 || texels.shape[0] !== 2 || !isPalette) {
    throw new RangeError(
      `expectedTexels: texels (${texels.shape}) and a palette ${dtype} (${shape}); expected (2, H, W) and float32 (n, ${PALETTE_ENTRY})`,
    );
  }
  const { widthPx, ...where } = places;
  const inputs = { texels, palette, ...where };
  return engine().runKernel(EXPECTED_TEXELS, inputs, { deviation, sure, isCut, widthPx }) as Tensor3D;
}
