// Weights of layers that get more channels, in PyTorch's layout.
import type { WeightTensor } from '../weights/weightTensor.ts';

/** (cout, cin, kh, kw) → (cout, channels, kh, kw), the new ones 0. */
export function withInputs({ shape, data }: WeightTensor, channels: number): WeightTensor {
  const [cout, cin, height, width] = shape as [number, number, number, number];
  const [length, grownLength] = [cin * height * width, channels * height * width];
  const grown = new Float32Array(cout * grownLength);
  for (let out = 0; out < cout; out++) {
    grown.set(data.subarray(out * length, (out + 1) * length), out * grownLength);
  }
  return { shape: [cout, channels, height, width], data: grown };
}

/** So many rows, the new ones 0. */
export function withRows({ shape, data }: WeightTensor, rows: number): WeightTensor {
  const grown = new Float32Array((data.length / shape[0]!) * rows);
  grown.set(data);
  return { shape: [rows, ...shape.slice(1)], data: grown };
}
