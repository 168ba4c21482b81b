import { ART_PIXEL_M } from '../artPixel.ts';
import type { PortraitPlan } from '../tavernFile.ts';
import { FIREPLACE, ROOM } from './dimensions.ts';
import type { Materials } from './materials.ts';
import type { Parts, Vec } from './parts.ts';

/** How wide and high a picture is in its frame, in metres: that of a face of 64 pixels. */
export const PICTURE_M = 64 * ART_PIXEL_M;

/** The middle of a frame, where it touches the wall: the chimney stands out, the rest of the wall does not. */
export function placeOnWall([x, y]: PortraitPlan['position']): Vec {
  const isOnChimney = Math.abs(x - FIREPLACE.x) < FIREPLACE.width / 2;
  return [x, y, ROOM.backZ - (isOnChimney ? FIREPLACE.depth - 0.2 : 0)];
}

/** The wood of a frame, and the gilt around its picture. */
export function hangMouldings(parts: Parts, { panel, brass }: Materials, { position, size }: PortraitPlan): void {
  const at = placeOnWall(position);
  addMouldings(parts, panel, at, size, (size - PICTURE_M) / 2, 0.09);
  addMouldings(parts, brass, at, PICTURE_M + 0.03, 0.026, 0.1);
}

function addMouldings(
  parts: Parts,
  material: Materials['panel'],
  [x, y, z]: Vec,
  size: number,
  width: number,
  depth: number,
): void {
  const middle = (size - width) / 2;
  for (const side of [-1, 1]) {
    parts.box(material, [size, width, depth], [x, y + side * middle, z - depth / 2]);
    parts.box(material, [width, size - 2 * width, depth], [x + side * middle, y, z - depth / 2]);
  }
}
