/** Values and their sizes, row-major, with no backend behind them. */
export interface WeightTensor {
  shape: number[];
  data: Float32Array | Int32Array;
}

/** The number of values in a shape; 1 for a scalar. */
export function numElements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
