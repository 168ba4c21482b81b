import * as tf from '@tensorflow/tfjs-core';

/** One number for the whole batch, or one for each image. */
export type Coefficient = number | ArrayLike<number>;

/**
 * a · x + b · y, the one operation by which schedulers touch tensors. A coefficient 0 leaves its term out.
 *
 * @param a, b a number, or one number for each image: (B), broadcast over the other dimensions
 * @returns    shape of x; the caller disposes it
 */
export function weightedSum<T extends tf.Tensor>(a: Coefficient, x: T, b: Coefficient, y: T): T {
  return tf.tidy(() => {
    if (b === 0) return scaled(a, x);
    if (a === 0) return scaled(b, y);
    return tf.add<T>(scaled(a, x), scaled(b, y));
  });
}

function scaled<T extends tf.Tensor>(coefficient: Coefficient, x: T): T {
  if (coefficient === 1) return tf.clone(x);
  if (typeof coefficient === 'number') return tf.mul(x, coefficient);
  const ones = new Array<number>(x.rank - 1).fill(1);
  return tf.mul(x, tf.tensor(Float32Array.from(coefficient), [coefficient.length, ...ones]));
}
