// A forward pass is written once, as a generator that pauses between its blocks. It runs to its end at once, or in slices
// that leave the thread to others in between.
import { dispose, type Tensor, type Tensor4D, tidy } from '@tensorflow/tfjs-core';

/**
 * Yields, between blocks, the tensors that the rest of the pass needs. A part of a pass leaves out what all parts share
 * (the time embedding): `withLive` adds it.
 */
export type ForwardPass<T extends Tensor = Tensor4D> = Generator<readonly Tensor[], T>;

/** A part of a larger pass, which needs `others` too. */
export function* withLive<T extends Tensor>(part: ForwardPass<T>, others: readonly Tensor[]): ForwardPass<T> {
  for (;;) {
    const { done, value } = part.next();
    if (done) return value as T;
    yield [...(value as readonly Tensor[]), ...others];
  }
}

/**
 * Runs a pass in slices, one for each `next()`, which must not be called within tf.tidy. Between slices only the tensors
 * that the pass named are alive; after an error or `return()`, none.
 *
 * @param inputs tensors of the caller that the pass may name; they are never disposed
 * @returns the pass's result; the caller disposes it
 */
export function* inSlices<T extends Tensor>(pass: ForwardPass<T>, inputs: readonly Tensor[]): Generator<void, T> {
  let live: readonly Tensor[] = [];
  try {
    for (;;) {
      const { result, named } = nextSlice(pass);
      dispose(live.filter((tensor) => !named.includes(tensor)));
      live = result ? [] : named.filter((tensor) => !inputs.includes(tensor));
      if (result) return result;
      yield;
    }
  } finally {
    dispose([...live]);
  }
}

/** Runs to the next pause or to the result; only the named tensors or the result stay allocated. */
function nextSlice<T extends Tensor>(pass: ForwardPass<T>): { result: T | null; named: readonly Tensor[] } {
  let result: T | null = null;
  const named = tidy(() => {
    const { done, value } = pass.next();
    if (!done) return [...(value as readonly Tensor[])];
    result = value as T;
    return [result];
  });
  return { result, named };
}
