import { around, structureOf, UnplannedError } from './graph.ts';
import type { Recorder } from './recordings.ts';
import { traced, valueOfTraced } from './trace.ts';

/** What recorders of all backends share: how a graph comes about. */
export const tracing: Omit<Recorder, 'record' | 'emptyTensor'> = {
  traced,
  valueOfTraced,
  around,
  structureOf,
  refuse: (reason) => {
    throw new UnplannedError(reason);
  },
  isUnplanned: (error): error is UnplannedError => error instanceof UnplannedError,
};
