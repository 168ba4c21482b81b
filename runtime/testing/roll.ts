import type { Values } from '../../scripts/testing/backends.ts';
import { wrapped } from '../core/wrapped.ts';

/** Images (B, H, W, C) shifted down by `dy` and right by `dx`; what leaves at one side comes in at the other. */
export function rollValues({ shape, values }: Values, dy: number, dx: number): Values {
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const rolled = new Float32Array(values.length);
  for (let b = 0; b < batch; b++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const from = ((b * height + y) * width + x) * channels;
        const row = wrapped(y + dy, height);
        const column = wrapped(x + dx, width);
        rolled.set(values.subarray(from, from + channels), ((b * height + row) * width + column) * channels);
      }
    }
  }
  return { shape, values: rolled };
}

/** One image's values, of any number of channels, shifted down by `dy` and right by `dx` around its edges. */
export function rollImage(
  values: ArrayLike<number>,
  widthPx: number,
  heightPx: number,
  dy: number,
  dx: number,
): Float32Array {
  const channels = values.length / (widthPx * heightPx);
  return rollValues({ shape: [1, heightPx, widthPx, channels], values: Float32Array.from(values) }, dy, dx).values;
}
