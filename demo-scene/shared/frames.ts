// The frames of a picture, which a model of walking characters makes beside each other, as pages show them.
import type { ModelInfo } from '../../plugin/index.ts';

/** The part of a model's description that says how large its pictures are, and into which frames they are divided. */
type Framed = Pick<ModelInfo, 'frames' | 'widthPx' | 'heightPx'>;

/** A picture with its size. */
export interface Still {
  /** RGBA bytes, top row first. */
  pixels: Uint8Array;
  widthPx: number;
  heightPx: number;
}

/**
 * Somebody standing, looking at the eye, out of all frames of a picture; the picture itself where there is one frame.
 *
 * @param pixels of all frames: RGBA bytes, top row first
 */
export function standingFrame(pixels: Uint8Array, info: Framed): Still {
  const { frames, heightPx } = info;
  if (!frames) return { pixels, widthPx: pixels.length / (4 * heightPx), heightPx };
  const standing = frames.findIndex(({ action, direction }) => action === 'stand' && direction === 'down');
  return frameAt(pixels, info, Math.max(0, standing));
}

/** One frame out of all frames of a picture. @param index its place, from the left */
export function frameAt(pixels: Uint8Array, info: Framed, index: number): Still {
  const { heightPx } = info;
  const widthPx = frameWidth(info);
  const frame = new Uint8Array(4 * widthPx * heightPx);
  copyFrame(pixels, info, index, { pixels: frame, widthPx, heightPx }, [0, 0]);
  return { pixels: frame, widthPx, heightPx };
}

/** All frames of a picture, a row for each direction; the picture itself where there is one frame. */
export function framesInRows(pixels: Uint8Array, info: Framed): Still {
  const { frames, heightPx } = info;
  if (!frames) return standingFrame(pixels, info);
  const directions = [...new Set(frames.map(({ direction }) => direction))];
  const rows = directions.map((asked) => [...frames.keys()].filter((i) => frames[i]!.direction === asked));
  const width = frameWidth(info);
  const size = { widthPx: width * Math.max(...rows.map((row) => row.length)), heightPx: heightPx * rows.length };
  const all = { pixels: new Uint8Array(4 * size.widthPx * size.heightPx), ...size };
  for (const [y, row] of rows.entries()) {
    for (const [x, index] of row.entries()) copyFrame(pixels, info, index, all, [width * x, heightPx * y]);
  }
  return all;
}

/** A picture without anything on it. */
export function blankPicture({ widthPx, heightPx }: Framed): Uint8Array {
  return new Uint8Array(4 * widthPx * heightPx);
}

function frameWidth({ frames = [], widthPx }: Framed): number {
  return widthPx / Math.max(1, frames.length);
}

/** Copies a frame to a place in another picture. */
function copyFrame(pixels: Uint8Array, info: Framed, index: number, to: Still, [left, top]: readonly [number, number]) {
  const width = frameWidth(info);
  for (let y = 0; y < info.heightPx; y++) {
    const at = 4 * (y * info.widthPx + width * index);
    to.pixels.set(pixels.subarray(at, at + 4 * width), 4 * ((top + y) * to.widthPx + left));
  }
}
