import type { Tensor } from '@tensorflow/tfjs-core';
import { currentRecorder, type RecordedInput, replayed } from '../kernels/plan/recordings.ts';

/** A network's pass over one batch. */
interface RecordedPass<Output extends Tensor> {
  /** Names the pass with all that it depends on beside its owner and the shapes. */
  name: string;
  inputs: readonly { input: RecordedInput; shape: readonly number[] }[];
  /** The shape of the result. */
  shape: readonly number[];
  /** The pass at once, of which the recording is made. */
  pass: (...inputs: Tensor[]) => Output;
  /** The pass in slices, where there is no recording. */
  inSlices: () => Generator<void, Output>;
}

/**
 * A pass by its recording, where the backend has them.
 *
 * @param owner whose weights take part
 * @returns     through the generator, the result; the caller disposes it, and keeps the inputs until then
 */
export function* recordedInSlices<Output extends Tensor>(
  owner: object,
  { name, inputs, shape, pass, inSlices }: RecordedPass<Output>,
): Generator<void, Output> {
  const recorder = currentRecorder();
  if (!recorder) return yield* inSlices();
  const result = recorder.emptyTensor([...shape]) as Output;
  const shapes = inputs.map((given) => given.shape);
  let isDone = false;
  try {
    const graph = () => recorder.traced((newInput) => [pass(...shapes.map(newInput))]);
    const given = inputs.map(({ input }) => input);
    isDone = yield* replayed(owner, `${name} ${shapes.join(' ')}`, graph, given, [result]);
  } finally {
    if (!isDone) result.dispose();
  }
  return isDone ? result : yield* inSlices();
}
