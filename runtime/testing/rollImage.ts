import { roll } from './roll.ts';

/** One image's values, of any number of channels, shifted down by `dy` and right by `dx` around its edges. */
export function rollImage(
  values: ArrayLike<number>,
  widthPx: number,
  heightPx: number,
  dy: number,
  dx: number,
): Float32Array {
  const channels = values.length / (widthPx * heightPx);
  return roll({ shape: [1, heightPx, widthPx, channels], values: Float32Array.from(values) }, dy, dx).values;
}
