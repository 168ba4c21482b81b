import { MUG } from './bar.ts';
import type { Materials } from './materials.ts';
import type { Parts } from './parts.ts';

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
