import type { GeneratedPicture } from '../../runtime/index.ts';
import { encodeApng } from '../node/apng.ts';
import { encodePng } from '../node/png.ts';
import { animationOf } from './animation.ts';
import type { Look } from './bakePlan.ts';
import { drawnPicture } from './layers.ts';

/**
 * A picture as a file for a person to look at, not enlarged: what moves does so, instead of standing in a long row of frames.
 *
 * @param most of what moves, how many stand side by side; default: all
 */
export function pngToLookAt(generated: GeneratedPicture, look: Look, most?: number): Uint8Array {
  const picture = drawnPicture(generated, look);
  return look.frames ? encodeApng(animationOf(picture, look.frames, most)) : encodePng(picture);
}
