// A level of a small encoder without residuals: a convolution that halves the image and one that keeps its size, each with group
// norm and SiLU.
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { conv, convShapes, norm, normShapes, type Shapes, type Weights } from './layers.ts';

export interface HalvingLevel {
  prefix: string;
  cin: number;
  cout: number;
}

/** The levels of an encoder from the full size down. @param prefix begins the names of all levels' weights, each with its number */
export function planHalvingLevels(prefix: string, cin: number, widths: readonly number[]): HalvingLevel[] {
  return widths.map((cout, i) => ({ prefix: `${prefix}.${i}`, cin: widths[i - 1] ?? cin, cout }));
}

export function halvingShapes(shapes: Shapes, { prefix, cin, cout }: HalvingLevel): void {
  convShapes(shapes, `${prefix}.halve`, cin, cout);
  normShapes(shapes, `${prefix}.halve_norm`, cout);
  convShapes(shapes, `${prefix}.refine`, cout, cout);
  normShapes(shapes, `${prefix}.refine_norm`, cout);
}

/** @param x float32 (B, H, W, cin), H and W even @returns float32 (B, H/2, W/2, cout); to be called in a tidy */
export function halvingLevel(
  weights: Weights,
  { prefix }: HalvingLevel,
  x: Tensor4D,
  options: { numGroups: number; epsilon: number },
): Tensor4D {
  const halved = norm(weights, `${prefix}.halve_norm`, conv(weights, `${prefix}.halve`, x, { stride: 2 }), options);
  return norm(weights, `${prefix}.refine_norm`, conv(weights, `${prefix}.refine`, halved, {}), options);
}
