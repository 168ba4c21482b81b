import {
  engine,
  type NamedTensorMap,
  reshape,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tidy,
} from '@tensorflow/tfjs-core';

export const CONV2D = 'FigmentConv2D';
export const CONV2D_GRAD_INPUT = 'FigmentConv2DGradInput';
export const CONV2D_GRAD_FILTER = 'FigmentConv2DGradFilter';
export const SUM_ROWS = 'FigmentSumRows';

/** Rows and columns added around the input before the convolution. */
export interface Padding {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

export interface Conv2dAttrs {
  stride: number;
  padding: Padding;
  /** The border wraps around instead of being zero: the output of a seamless tile is seamless. */
  circular: boolean;
}

export interface Conv2dOptions {
  stride?: number;
  /** One width for all sides, or each side; default (kernel − 1) / 2, which keeps the size at stride 1. */
  padding?: number | Padding;
  circular?: boolean;
}

/** The number of output rows (or columns) of a convolution over `size` of them. */
export function convOutSize(size: number, before: number, after: number, kernel: number, stride: number): number {
  return Math.floor((size + before + after - kernel) / stride) + 1;
}

/**
 * Cross-correlation of NHWC images with an HWIO filter, plus bias, with zero or circular borders.
 *
 * @param x      float32 (B, H, W, Cin)
 * @param filter float32 (kh, kw, Cin, Cout)
 * @param bias   float32 (Cout) or null
 * @returns      float32 (B, H', W', Cout), H' = floor((H + top + bottom − kh) / stride) + 1; the caller disposes it
 * @throws       RangeError when the channels differ or the padded image is smaller than the filter
 */
export function conv2d(x: Tensor4D, filter: Tensor4D, bias: Tensor | null, options: Conv2dOptions = {}): Tensor4D {
  const [kh, kw, cin] = filter.shape;
  const { stride = 1, padding = (kh - 1) / 2, circular = false } = options;
  const sides =
    typeof padding === 'number' ? { top: padding, bottom: padding, left: padding, right: padding } : { ...padding };
  if (x.shape[3] !== cin) throw new RangeError(`conv2d: input has ${x.shape[3]} channels, the filter takes ${cin}`);
  const outH = convOutSize(x.shape[1], sides.top, sides.bottom, kh, stride);
  const outW = convOutSize(x.shape[2], sides.left, sides.right, kw, stride);
  if (outH < 1 || outW < 1) {
    throw new RangeError(
      `conv2d: a ${x.shape[1]}×${x.shape[2]} image with its padding is smaller than the ${kh}×${kw} filter`,
    );
  }
  const inputs: NamedTensorMap = bias ? { x, filter, bias } : { x, filter };
  return engine().runKernel(CONV2D, inputs, { stride, padding: sides, circular }) as Tensor4D;
}

/**
 * x · weight + bias on rows: a 1×1 convolution over one row of pixels.
 *
 * @param x      float32 (P, Cin)
 * @param weight float32 (Cin, Cout)
 * @param bias   float32 (Cout) or null
 * @returns      float32 (P, Cout); the caller disposes it
 */
export function linear(x: Tensor2D, weight: Tensor2D, bias: Tensor | null): Tensor2D {
  return tidy(() => {
    const image = reshape(x, [1, 1, x.shape[0], x.shape[1]]) as Tensor4D;
    const filter = reshape(weight, [1, 1, weight.shape[0], weight.shape[1]]) as Tensor4D;
    return reshape(conv2d(image, filter, bias), [x.shape[0], weight.shape[1]]) as Tensor2D;
  });
}
