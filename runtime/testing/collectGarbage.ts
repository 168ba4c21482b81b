import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/** Frees all that nothing holds any more. What a WeakRef has told of stays until the task ends that asked for it. */
export const collectGarbage: () => void = runInNewContext('gc');
