// How pictures are asked for, and what is told while they are made.
import { quote, type Recipe } from '../runtime/index.ts';
import type { Picture } from './painting/painter.ts';

/** How long a caller waits. */
export interface Waiting {
  /** Higher goes first; default 0. */
  priority?: number;
  signal?: AbortSignal;
}

/** How a picture is asked for. */
export interface RequestOptions extends Waiting {
  /** A preview after every n-th step, a whole number; default 0: none but that of a conditional VAE, before the steps. */
  previewEvery?: number;
  onStep?: (step: number, numSteps: number, preview: Picture | null) => void;
  /** Told when the picture has to be painted, and the request has joined those that wait for it. */
  onQueued?: () => void;
}

/** How a picture is asked for by those whom the texture or sheet itself tells of its steps. */
export type RegenerateOptions = Omit<RequestOptions, 'onStep' | 'onQueued'>;

/** A denoising step of a picture. */
export interface GenerationProgress {
  /** The number of steps done, from 1; 0 when the picture of the conditional VAE is in the texture, before the steps. */
  step: number;
  numSteps: number;
  recipe: Recipe;
}

/** @throws RangeError for a number of a request that is out of range */
export function checkRequest({ previewEvery = 0, priority = 0 }: RequestOptions): void {
  if (!Number.isInteger(previewEvery) || previewEvery < 0) {
    throw new RangeError(`generate: previewEvery is ${quote(previewEvery)}; expected a whole number from 0`);
  }
  if (typeof priority === 'number' && !Number.isNaN(priority)) return;
  throw new RangeError(`generate: priority is ${quote(priority)}; expected a number, 0 by default`);
}
