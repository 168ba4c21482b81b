import { ROOM } from './dimensions.ts';
import { JUG } from './fireplace.ts';
import type { Materials } from './materials.ts';
import type { Parts, Vec } from './parts.ts';

const { halfWidth, backZ } = ROOM;
const COUNTER_X = -3.75;
const COUNTER_Z = 0.45;
const LENGTH = 2.2;
const COUNTER_Y = 1.08;
const CANDLE_Z = 1.2;

/** Where the candle on the counter burns. */
export const BAR_CANDLE: Vec = [COUNTER_X + 0.05, COUNTER_Y + 0.27, CANDLE_Z];

/** A counter along the left wall, shelves with bottles behind it, barrels beside it. */
export function buildBar(parts: Parts, materials: Materials): void {
  const { oak, panel, beam } = materials;
  parts.box(oak, [0.66, 0.07, LENGTH + 0.16], [COUNTER_X, COUNTER_Y, COUNTER_Z]);
  parts.box(panel, [0.5, COUNTER_Y, LENGTH], [COUNTER_X, COUNTER_Y / 2, COUNTER_Z]);
  for (const side of [-1, 0, 1]) {
    parts.box(beam, [0.1, COUNTER_Y, 0.1], [COUNTER_X + 0.25, COUNTER_Y / 2, COUNTER_Z + (side * (LENGTH - 0.1)) / 2]);
  }
  parts.box(beam, [0.06, 0.14, LENGTH], [COUNTER_X + 0.26, 0.07, COUNTER_Z]);
  for (const y of [1.5, 2.05, 2.6]) buildShelf(parts, materials, y);
  for (const [z, side] of [
    [-0.15, 0.1],
    [0.25, -0.12],
    [0.95, 0.16],
  ] as const) {
    parts.turned(materials.clay, MUG, [COUNTER_X + side, COUNTER_Y + 0.035, z]);
  }
  parts.turned(materials.clay, JUG, [COUNTER_X - 0.05, COUNTER_Y + 0.035, 0.62]);
  parts.cylinder(materials.brass, 0.16, 0.03, [COUNTER_X + 0.05, COUNTER_Y + 0.03, CANDLE_Z]);
  parts.cylinder(materials.wax, 0.07, 0.2, [COUNTER_X + 0.05, COUNTER_Y + 0.05, CANDLE_Z]);
  buildBarrel(parts, materials, 4.78, backZ - 1.5, 0);
}

const SHELF_X = -halfWidth + 0.16;

function buildShelf(parts: Parts, { oak, glass, clay }: Materials, y: number): void {
  parts.box(oak, [0.3, 0.05, 3.4], [SHELF_X, y, 1.1]);
  for (let i = 0; i < 13; i++) {
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

export const MUG = [
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
