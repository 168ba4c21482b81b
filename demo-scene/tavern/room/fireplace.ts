import { FIREPLACE, MANTEL, ROOM } from './dimensions.ts';
import type { Materials } from './materials.ts';
import type { Parts } from './parts.ts';

const { x, width, depth, openingWidth, openingHeight } = FIREPLACE;
const { backZ, height } = ROOM;
const MANTEL_Y = MANTEL.y - MANTEL.thickness / 2;

/** A stone chimney with an open hearth, logs in it and a beam as its mantel. */
export function buildFireplace(parts: Parts, { stone, beam, iron, brass, clay, wax }: Materials): void {
  const z = backZ - depth / 2;
  const cheek = (width - openingWidth) / 2;
  for (const side of [-1, 1]) {
    parts.box(stone, [cheek, openingHeight, depth], [x + (side * (openingWidth + cheek)) / 2, openingHeight / 2, z]);
  }
  parts.box(stone, [width, MANTEL_Y - openingHeight, depth], [x, (MANTEL_Y + openingHeight) / 2, z]);
  parts.box(
    stone,
    [width - 0.3, height - MANTEL_Y, depth - 0.2],
    [x, (height + MANTEL_Y) / 2, backZ - (depth - 0.2) / 2],
  );
  parts.box(stone, [width + 0.2, 0.09, 0.9], [x, 0.045, backZ - 0.45 - 0.2]);
  parts.box(iron, [openingWidth, openingHeight, 0.04], [x, openingHeight / 2, backZ - 0.02]);
  parts.box(beam, [width + 0.3, MANTEL.thickness, depth + 0.2], [x, MANTEL_Y, backZ - (depth + 0.2) / 2]);
  buildLogs(parts, beam, iron);
  const shelf = MANTEL.y;
  const front = backZ - depth + 0.02;
  for (const at of [-1.1, 1.08]) {
    parts.cylinder(brass, 0.13, 0.05, [x + at, shelf, front]);
    parts.cylinder(wax, 0.065, 0.2, [x + at, shelf + 0.05, front]);
  }
  parts.turned(clay, JUG, [x + 0.82, shelf, front], 0.8);
}

function buildLogs(parts: Parts, beam: Materials['beam'], iron: Materials['iron']): void {
  const z = backZ - 0.32;
  for (const side of [-1, 1]) parts.box(iron, [0.05, 0.22, 0.4], [x + side * 0.42, 0.2, z]);
  const lie = Math.PI / 2;
  parts.cylinder(beam, 0.15, 0.95, [x - 0.05, -0.25, z - 0.1], { turn: [0, 0.12, lie] });
  parts.cylinder(beam, 0.17, 0.9, [x + 0.02, -0.22, z + 0.1], { turn: [0, -0.1, lie] });
  parts.cylinder(beam, 0.13, 0.8, [x, -0.03, z], { turn: [0, 0.35, lie + 0.1] });
}

/** Outline of a jug, in metres. */
export const JUG = [
  [0, 0],
  [0.09, 0],
  [0.12, 0.1],
  [0.11, 0.18],
  [0.06, 0.26],
  [0.075, 0.31],
] as const;
