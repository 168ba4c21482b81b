import * as v from 'valibot';
import { messageOf } from './errors.ts';
import { parseFrames } from './frames.ts';

/** The form of a list of frames, as data sets and models have it in their JSON. */
export const FRAMES_SCHEMA = v.pipe(
  v.unknown(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return parseFrames(dataset.value);
    } catch (error) {
      addIssue({ message: messageOf(error) });
      return NEVER;
    }
  }),
);
