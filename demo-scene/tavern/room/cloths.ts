import { ROOM } from './dimensions.ts';
import type { Materials } from './materials.ts';
import type { Parts } from './parts.ts';

const BANNER = { x: 1.72, y: 2.25, width: 0.52, height: 1.9, thickness: 0.02 } as const;
const RUG = { x: 0.35, z: 1.15, width: 2.3, depth: 1.35, thickness: 0.02 } as const;

/** A tapestry on a rod before the post by the chimney, and a rug on the floor. */
export function hangCloths(parts: Parts, { cloth, brass }: Materials): void {
  const { x, y, width, height, thickness } = BANNER;
  const z = ROOM.backZ - 0.2 - thickness;
  parts.box(cloth, [width, height, thickness], [x, y, z]);
  parts.box(brass, [width + 0.14, 0.035, 0.035], [x, y + height / 2, z]);
  parts.box(cloth, [RUG.width, RUG.thickness, RUG.depth], [RUG.x, RUG.thickness / 2, RUG.z]);
}
