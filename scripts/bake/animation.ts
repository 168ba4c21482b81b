import { animationsOf, composeSheet, type Frame, type PixelImage, swapAxes } from '../../runtime/index.ts';
import type { EncodeApngOptions } from '../node/apng.ts';

/**
 * A picture with its frames in a row as an animation to look at: what moves, side by side, each over and over. Where nothing
 * moves, all frames one after the other.
 *
 * @param frames of the picture
 * @param most   of what moves, how many stand side by side
 */
export function animationOf(picture: PixelImage, frames: readonly Frame[], most = frames.length): EncodeApngOptions {
  const { width, height, channels, pixels } = picture;
  const frameWidth = width / frames.length;
  const length = frameWidth * height * channels;
  const apart = swapAxes(pixels as Uint8Array, height, frames.length, frameWidth * channels);
  const tileOf = (frame: number) => apart.subarray(frame * length, (frame + 1) * length);
  const moving = animationsOf(frames).filter(({ from, to }) => to > from);
  const shown = moving.length > 0 ? moving.slice(0, most) : [{ from: 0, to: frames.length - 1 }];
  const longest = shown.reduce((most, one) => (one.to - one.from > most.to - most.from ? one : most));
  return {
    width: shown.length * frameWidth,
    height,
    channels,
    frames: Array.from({ length: longest.to - longest.from + 1 }, (_, i) => {
      const tiles = shown.map(({ from, to }) => tileOf(from + (i % (to - from + 1))));
      const sheet = composeSheet(tiles, tiles.length, frameWidth, height);
      return { pixels: sheet.pixels as Uint8Array, durationMs: frames[longest.from + i]!.durationMs };
    }),
  };
}
