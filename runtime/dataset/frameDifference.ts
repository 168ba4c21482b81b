import { animationNameOf, type Frame } from '../core/frames.ts';

/** A model or a data set: its pictures have these frames, or without any they are single pictures. */
interface Framed {
  readonly frames?: readonly Frame[];
}

/**
 * The first of as many frames that shows something else than expected; how long it is shown does not count.
 *
 * @returns such as `frame 3 is walk-left 1; expected walk-right 1`; undefined where all are alike, or either has none
 */
export function frameDifference({ frames = [] }: Framed, { frames: expected = [] }: Framed): string | undefined {
  const told = (frame: Frame) => `${animationNameOf(frame)} ${frame.index}`;
  const place = expected.findIndex((frame, i) => frames[i] && told(frames[i]) !== told(frame));
  return place < 0 ? undefined : `frame ${place} is ${told(frames[place]!)}; expected ${told(expected[place]!)}`;
}
