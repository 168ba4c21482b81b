import { type DiffusionModel, decodeLatentsInSlices, type ImageTensor, sampleInSlices } from '../../runtime/index.ts';
import type { Recipe } from '../recipe.ts';

/** Where the work of a batch lets others in. */
export interface Pace {
  /** Before each slice, which is a few milliseconds of work at most. */
  slice?(): Promise<void>;
  /** After each denoising step. */
  step?(): Promise<void>;
}

export interface BatchOptions {
  signal?: AbortSignal;
  previewEvery?: number;
  /** Told after each step, and waited for; owns `previews` (B, H, W, channels). */
  onStep?: (step: number, numSteps: number, previews: ImageTensor | null) => void | Promise<void>;
}

/** Runs one slice; a caller may put another in its place, for example one that compiles and does not compute. */
type RunSlice = <T>(slice: () => T) => T;

/**
 * Denoises recipes that differ in label, seed and interpolation alone, and decodes the result.
 *
 * @returns decoded values (B, H, W, channels); the caller disposes them
 * @throws  the signal's reason, between slices and before the decode
 */
export async function paintBatch(
  model: DiffusionModel,
  recipes: readonly Recipe[],
  { signal, previewEvery = 0, onStep }: BatchOptions,
  pace: Pace,
  runSlice: RunSlice = (slice) => slice(),
): Promise<ImageTensor> {
  const { label: _label, seed: _seed, interpolate: _interpolate, ...sampling } = recipes[0]!;
  const run: Run = { pace, signal, runSlice };
  const steps = sampleInSlices(model, recipes, { ...sampling, signal });
  try {
    for (let result = await nextValue(steps, run); result; result = await nextValue(steps, run)) {
      const { step, numSteps, x0Pred } = result;
      await pace.step?.();
      const isLast = step === numSteps;
      const isPreview = !isLast && previewEvery > 0 && step % previewEvery === 0;
      await onStep?.(step, numSteps, isPreview ? await decode(model, x0Pred, run) : null);
      if (isLast) return await decode(model, x0Pred, run);
    }
  } finally {
    steps.return(undefined);
  }
  throw new Error('generate: the sampler made no step; ask for at least 1');
}

interface Run {
  pace: Pace;
  signal: AbortSignal | undefined;
  runSlice: RunSlice;
}

/** Goes on to what the slices yield next; undefined at their end. */
async function nextValue<T>(
  slices: Generator<T | null, unknown>,
  { pace, signal, runSlice }: Run,
): Promise<T | undefined> {
  for (;;) {
    await pace.slice?.();
    signal?.throwIfAborted();
    const { done, value } = runSlice(() => slices.next());
    if (done) return undefined;
    if (value !== null) return value as T;
  }
}

async function decode(
  model: DiffusionModel,
  latents: ImageTensor,
  { pace, signal, runSlice }: Run,
): Promise<ImageTensor> {
  const slices = decodeLatentsInSlices(model, latents);
  try {
    for (;;) {
      await pace.slice?.();
      signal?.throwIfAborted();
      const { done, value } = runSlice(() => slices.next());
      if (done) return value;
    }
  } finally {
    slices.return(undefined as never); // frees what an abort leaves
  }
}
