import { ROOM } from './dimensions.ts';
import { JUG } from './fireplace.ts';
import type { Materials } from './materials.ts';
import type { Parts, Vec } from './parts.ts';

const { halfWidth, backZ } = ROOM;
/** The board of the counter: its middle, and y of its upper side. */
export const BAR = { x: -3.75, y: 1.115, z: 0.45, width: 0.66, length: 2.36, thickness: 0.07 } as const;
const [COUNTER_X, COUNTER_Z] = [BAR.x, BAR.z];
const COUNTER_Y = BAR.y - BAR.thickness / 2;
const LENGTH = BAR.length - 0.16;
const SHELF_X = -halfWidth + 0.16;
/** The shelves on the wall: their middle, and y of their upper sides. */
export const SHELVES = {
  x: SHELF_X,
  ys: [1.525, 2.075, 2.625],
  z: 1.1,
  width: 0.3,
  length: 3.4,
  thickness: 0.05,
} as const;
const CANDLE_Z = 1.2;

/** Where the candle on the counter burns. */
export const BAR_CANDLE: Vec = [COUNTER_X + 0.05, COUNTER_Y + 0.27, CANDLE_Z];

/** A counter along the left wall, shelves with bottles behind it, barrels beside it. */
export function buildBar(parts: Parts, materials: Materials): void {
  const { oak, panel, beam } = materials;
  parts.box(oak, [BAR.width, BAR.thickness, BAR.length], [COUNTER_X, COUNTER_Y, COUNTER_Z]);
  parts.box(panel, [0.5, COUNTER_Y, LENGTH], [COUNTER_X, COUNTER_Y / 2, COUNTER_Z]);
  for (const side of [-1, 0, 1]) {
    parts.box(beam, [0.1, COUNTER_Y, 0.1], [COUNTER_X + 0.25, COUNTER_Y / 2, COUNTER_Z + (side * (LENGTH - 0.1)) / 2]);
  }
  parts.box(beam, [0.06, 0.14, LENGTH], [COUNTER_X + 0.26, 0.07, COUNTER_Z]);
  for (const y of SHELVES.ys) buildShelf(parts, materials, y - SHELVES.thickness / 2);
  for (const [z, side] of [
    [-0.15, 0.1],
    [0.25, -0.12],
    [0.95, 0.16],
  ] as const) {
    parts.turned(materials.clay, MUG, [COUNTER_X + side, BAR.y, z]);
  }
  parts.turned(materials.clay, JUG, [COUNTER_X - 0.05, BAR.y, 0.62]);
  parts.cylinder(materials.brass, 0.16, 0.03, [COUNTER_X + 0.05, COUNTER_Y + 0.03, CANDLE_Z]);
  parts.cylinder(materials.wax, 0.07, 0.2, [COUNTER_X + 0.05, COUNTER_Y + 0.05, CANDLE_Z]);
  buildBarrel(parts, materials, 4.78, backZ - 1.5, 0);
}

function buildShelf(parts: Parts, { oak, glass, clay }: Materials, y: number): void {
  parts.box(oak, [SHELVES.width, SHELVES.thickness, SHELVES.length], [SHELF_X, y, SHELVES.z]);
  for (let i = 0; i < 12; i++) {
    const z = -0.4 + 0.25 * i + 0.06 * Math.sin(9 * i + y);
    const kind = (i * 7 + Math.round(y * 10)) % 5;
    if (kind === 4) parts.turned(clay, MUG, [SHELF_X, y + 0.025, z]);
    else parts.turned(glass[kind % glass.length]!, BOTTLE, [SHELF_X, y + 0.025, z], 0.9 + 0.15 * Math.sin(i * 5));
  }
}

function buildBarrel(parts: Parts, { oak, iron }: Materials, x: number, z: number, y: number): void {
  parts.turned(oak, BARREL, [x, y, z]);
  for (const at of [0.08, 0.28, 0.62, 0.82]) {
    const diameter = at < 0.2 || at > 0.7 ? 0.65 : 0.735;
    parts.cylinder(iron, diameter, 0.045, [x, y + at - 0.02, z]);
  }
}

const MUG = [
  [0, 0],
  [0.055, 0],
  [0.06, 0.02],
  [0.055, 0.14],
  [0.06, 0.15],
  [0.05, 0.15],
  [0.045, 0.03],
  [0, 0.03],
] as const;

const BOTTLE = [
  [0, 0],
  [0.055, 0],
  [0.06, 0.02],
  [0.06, 0.19],
  [0.025, 0.27],
  [0.022, 0.36],
  [0.03, 0.37],
  [0, 0.37],
] as const;

const BARREL = [
  [0, 0],
  [0.29, 0],
  [0.34, 0.2],
  [0.365, 0.45],
  [0.34, 0.7],
  [0.29, 0.9],
  [0.28, 0.88],
  [0, 0.88],
] as const;

export const TABLE_Y = 0.76;
export const TABLE_RADIUS = 0.625;

/** A round table with a candle and mugs on it. */
export function buildTable(parts: Parts, materials: Materials, x: number, z: number): void {
  const { oak, beam, brass, wax, clay } = materials;
  parts.cylinder(oak, 2 * TABLE_RADIUS, 0.07, [x, TABLE_Y - 0.07, z], { tessellation: 40 });
  parts.turned(beam, PEDESTAL, [x, 0, z]);
  parts.cylinder(brass, 0.2, 0.025, [x, TABLE_Y, z]);
  parts.cylinder(wax, 0.07, 0.17, [x, TABLE_Y + 0.02, z]);
  for (const angle of [0.6, 2.4, 4.3]) {
    const [atX, atZ] = [x + 0.42 * Math.cos(angle + x), z + 0.42 * Math.sin(angle + x)];
    parts.turned(clay, MUG, [atX, TABLE_Y, atZ]);
  }
}

/** A stool at (x, z). */
export function buildStool(parts: Parts, { oak, beam }: Materials, x: number, z: number): void {
  parts.cylinder(oak, 0.42, 0.06, [x, 0.44, z]);
  for (const angle of [0.5, 2.6, 4.7]) {
    const [atX, atZ] = [x + 0.14 * Math.cos(angle), z + 0.14 * Math.sin(angle)];
    parts.cylinder(beam, 0.06, 0.44, [atX, 0, atZ], { tessellation: 8 });
  }
}

const PEDESTAL = [
  [0, 0],
  [0.36, 0],
  [0.34, 0.06],
  [0.12, 0.12],
  [0.08, 0.3],
  [0.11, 0.42],
  [0.08, 0.55],
  [0.2, 0.69],
] as const;
