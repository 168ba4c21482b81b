import { vi } from 'vitest';
import * as runtime from '../../runtime/index.ts';

/** Has the training that is begun next save its model, and show it, after each step. */
export function saveEachStep(): void {
  const { trainingProgress } = runtime;
  vi.spyOn(runtime, 'trainingProgress').mockImplementationOnce((trainer, intervals, signal) =>
    trainingProgress(trainer, { ...intervals, previewMs: -1 }, signal),
  );
}
