import { clone, customGrad, type Tensor, zerosLike } from '@tensorflow/tfjs-core';
import type { Weights } from '../networks/layers.ts';

/** The tensor itself, as a constant: no gradient goes back through it. */
export function stopGradient<Kind extends Tensor>(x: Kind): Kind {
  const constant = customGrad((given) => ({ value: clone(given as Tensor), gradFunc: (dy: Tensor) => zerosLike(dy) }));
  return constant(x) as Kind;
}

/** The same of every weight. */
export function constantWeights(weights: Weights): Weights {
  return Object.fromEntries(Object.entries(weights).map(([name, tensor]) => [name, stopGradient(tensor)]));
}
