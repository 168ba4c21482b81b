import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { currentRecorder, replayed } from '../kernels/plan/recordings.ts';

/** A network's pass over one batch. */
interface RecordedPass<Input extends Tensor> {
  /** Names the pass with all that it depends on beside its owner. */
  key: string;
  /** Of the result. */
  shape: Tensor4D['shape'];
  /** The pass at once, of which the recording is made. */
  pass: (x: Input) => Tensor4D;
  /** The pass in slices, where there is no recording. */
  inSlices: () => Generator<void, Tensor4D>;
}

/**
 * A pass by its recording, where the backend has them.
 *
 * @param owner whose weights take part
 * @returns     through the generator, the result; the caller disposes it, and keeps x until then
 */
export function* recordedInSlices<Input extends Tensor>(
  owner: object,
  x: Input,
  { key, shape, pass, inSlices }: RecordedPass<Input>,
): Generator<void, Tensor4D> {
  const recorder = currentRecorder();
  if (!recorder) return yield* inSlices();
  const result = recorder.emptyTensor(shape) as Tensor4D;
  let isDone = false;
  try {
    const graph = () => recorder.traced((newInput) => [pass(newInput(x.shape) as Input)]);
    isDone = yield* replayed(owner, key, graph, [x], [result]);
  } finally {
    if (!isDone) result.dispose();
  }
  return isDone ? result : yield* inSlices();
}
