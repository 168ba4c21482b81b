import { PANEL_HEIGHT, ROOM } from './dimensions.ts';
import type { Materials } from './materials.ts';
import type { Parts } from './parts.ts';

const WALL = 0.2;
const { halfWidth, backZ, frontZ, height } = ROOM;
const DEPTH = backZ - frontZ;
const MIDDLE_Z = (backZ + frontZ) / 2;

/** Floor, walls, panelling and the timber frame. */
export function buildHall(parts: Parts, materials: Materials): void {
  const { floor, wall, beam } = materials;
  parts.box(floor, [2 * halfWidth, WALL, DEPTH], [0, -WALL / 2, MIDDLE_Z]);
  parts.box(wall, [2 * halfWidth, height, WALL], [0, height / 2, backZ + WALL / 2]);
  for (const side of [-1, 1]) {
    parts.box(wall, [WALL, height, DEPTH], [side * (halfWidth + WALL / 2), height / 2, MIDDLE_Z]);
  }
  parts.box(materials.panel, [2 * halfWidth, WALL, DEPTH], [0, height + WALL / 2, MIDDLE_Z]);
  buildPanelling(parts, materials);
  buildFrame(parts, beam);
}

const BOARD = 0.26;

function buildPanelling(parts: Parts, { panel, beam }: Materials): void {
  const numBoards = Math.round((2 * halfWidth) / BOARD);
  for (let i = 0; i < numBoards; i++) {
    const x = -halfWidth + (i + 0.5) * BOARD;
    const inset = i % 2 === 0 ? 0.03 : 0.045;
    parts.box(panel, [BOARD - 0.012, PANEL_HEIGHT, inset], [x, PANEL_HEIGHT / 2, backZ - inset / 2]);
  }
  parts.box(beam, [2 * halfWidth, 0.09, 0.11], [0, PANEL_HEIGHT, backZ - 0.05]);
  parts.box(beam, [2 * halfWidth, 0.16, 0.07], [0, 0.08, backZ - 0.035]);
  for (const side of [-1, 1]) {
    const x = side * (halfWidth - 0.02);
    parts.box(panel, [0.04, PANEL_HEIGHT, DEPTH], [x, PANEL_HEIGHT / 2, MIDDLE_Z]);
    parts.box(beam, [0.11, 0.09, DEPTH], [side * (halfWidth - 0.05), PANEL_HEIGHT, MIDDLE_Z]);
  }
}

const BEAM_SPACING = 1.7;

/** Posts against the back wall, beams below the ceiling and braces between them. */
function buildFrame(parts: Parts, beam: Materials['beam']): void {
  for (const x of [-halfWidth + 0.11, -3.95, 1.72, halfWidth - 0.11]) {
    parts.box(beam, [0.22, height, 0.2], [x, height / 2, backZ - 0.1]);
  }
  parts.box(beam, [2 * halfWidth, 0.24, 0.24], [0, height - 0.12, backZ - 0.12]);
  for (let z = backZ - 1.25; z > frontZ; z -= BEAM_SPACING) {
    parts.box(beam, [2 * halfWidth, 0.26, 0.24], [0, height - 0.13, z]);
    for (const side of [-1, 1]) {
      const x = side * (halfWidth - 0.11);
      parts.box(beam, [0.22, height, 0.22], [x, height / 2, z]);
      parts.box(beam, [1.25, 0.16, 0.16], [side * (halfWidth - 0.55), height - 0.62, z], [0, 0, side * -0.75]);
    }
  }
  parts.box(beam, [0.3, 0.3, DEPTH], [-1.2, height - 0.16, MIDDLE_Z]);
}

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
