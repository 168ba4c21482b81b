// The frames of an animated subject. In a picture they stand in a row from left to right, in the order in which they are
// listed; in a data set's memory they follow one another.

import { isObject } from './untrustedJson.ts';

/** One frame of an animated subject. */
export interface Frame {
  /** Where the subject looks or goes, such as `left`; absent where there is one way alone. */
  readonly direction?: string;
  /** What it does, such as `walk`. */
  readonly action: string;
  /** The place in its animation, from 0. */
  readonly index: number;
  readonly durationMs: number;
}

/** The frames that show an action in a direction: from the first to the last of them in the list of all. */
export interface FrameAnimation {
  /** `walk-left`, or `walk` where there is no direction. */
  readonly name: string;
  readonly action: string;
  readonly direction?: string;
  readonly from: number;
  readonly to: number;
}

/** The most frames of a subject, since memory is laid out for each of them. */
const MAX_FRAMES = 256;

const USUAL_ACTION = 'walk';
const USUAL_DURATION_MS = 100;
const MAX_DURATION_MS = 60_000;
const WORD = /^[\p{L}\p{N}_][\p{L}\p{N}_ ]{0,39}$/u;

/**
 * Reads frames as `dataset.json` and `model_index.json` list them: `{ direction: 'left', action: 'walk', index: 3, durationMs:
 * 100 }`, or with `frame` in place of action and index, a number for a frame of walking and a word for an action of one
 * frame. The frames of an animation follow one another, with the indices 0, 1, 2, …
 *
 * @throws RangeError that says what is wrong with which frame, and what was expected
 */
export function parseFrames(listed: unknown): Frame[] {
  if (!Array.isArray(listed) || listed.length === 0 || listed.length > MAX_FRAMES) {
    throw new RangeError(`expected a list of 1 to ${MAX_FRAMES} frames`);
  }
  const frames = listed.map(parseFrame);
  animationsOf(frames);
  return frames;
}

function parseFrame(listed: unknown, place: number): Frame {
  const wrong = (problem: string) => new RangeError(`frame ${place}: ${problem}`);
  if (!isObject(listed)) {
    throw wrong('expected an object, such as { "direction": "left", "frame": 0 }');
  }
  const { direction, frame, durationMs = USUAL_DURATION_MS } = listed;
  const isWord = typeof frame === 'string';
  const { action = isWord ? frame : USUAL_ACTION, index = isWord ? 0 : (frame ?? 0) } = listed;
  for (const [name, word] of Object.entries({ ...(direction !== undefined && { direction }), action })) {
    if (typeof word === 'string' && WORD.test(word)) continue;
    throw wrong(`${name} is no word; expected up to 40 letters, digits, spaces and _`);
  }
  if (!(Number.isInteger(index) && (index as number) >= 0 && (index as number) < MAX_FRAMES)) {
    throw wrong(`its index is no whole number from 0 to ${MAX_FRAMES - 1}`);
  }
  if (!(typeof durationMs === 'number' && durationMs >= 1 && durationMs <= MAX_DURATION_MS)) {
    throw wrong(`durationMs is no number from 1 to ${MAX_DURATION_MS}`);
  }
  return {
    ...(direction !== undefined && { direction: direction as string }),
    action: action as string,
    index: index as number,
    durationMs,
  };
}

/**
 * The animations that frames make up, in their order.
 *
 * @throws RangeError when an animation's frames don't follow one another from index 0
 */
export function animationsOf(frames: readonly Frame[]): FrameAnimation[] {
  const animations: FrameAnimation[] = [];
  for (const [place, frame] of frames.entries()) {
    const { action, direction, index } = frame;
    const name = animationNameOf(frame);
    const last = animations.at(-1);
    const goesOn = last?.name === name && index > 0;
    const expected = goesOn ? place - last.from : 0;
    if (index !== expected || (!goesOn && animations.some((other) => other.name === name))) {
      throw new RangeError(
        `frame ${place}: is ${name} ${index}; expected the frames of an animation one after the other, from index 0`,
      );
    }
    if (goesOn) animations[animations.length - 1] = { ...last, to: place };
    else animations.push({ name, action, ...(direction !== undefined && { direction }), from: place, to: place });
  }
  return animations;
}

/** The name of the animation that a frame is of. */
export function animationNameOf({ action, direction }: Frame): string {
  return direction === undefined ? action : `${action}-${direction}`;
}

/** How many frames there are: 1 where none are listed. */
export function numFramesOf({ frames }: { readonly frames?: readonly Frame[] }): number {
  return frames?.length ?? 1;
}

/**
 * Values (rows, columns, length) as (columns, rows, length). Frames (F, H, W · C) become one picture with the frames in a row,
 * (H, F · W, C), and the other way round; so do their latents (F, h · w, c), which are stacked along channels.
 *
 * @returns new values, or `values` themselves where the order is the same
 */
export function swapAxes<Values extends Uint8Array | Uint8ClampedArray | Float32Array>(
  values: Values,
  rows: number,
  columns: number,
  length: number,
): Values {
  if (rows === 1 || columns === 1) return values;
  const swapped = new (values.constructor as new (length: number) => Values)(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const from = (row * columns + column) * length;
      swapped.set(values.subarray(from, from + length), (column * rows + row) * length);
    }
  }
  return swapped;
}
