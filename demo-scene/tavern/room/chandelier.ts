import { CreateTorus } from '@babylonjs/core/Meshes/Builders/torusBuilder.js';
import { ROOM } from './dimensions.ts';
import type { Materials } from './materials.ts';
import type { Parts, Vec } from './parts.ts';

const RADIUS = 0.44;
const NUM_CANDLES = 6;

/** An iron ring of candles on a chain, its middle at `at`; returns where their flames stand. */
export function buildChandelier(parts: Parts, { iron, wax, brass }: Materials, [x, y, z]: Vec): Vec[] {
  parts.add(iron, CreateTorus('ring', { diameter: 2 * RADIUS, thickness: 0.05, tessellation: 36 }), [x, y, z]);
  parts.cylinder(iron, 0.03, ROOM.height - y - 0.5, [x, y + 0.5, z], { tessellation: 6 });
  for (const turn of [0, Math.PI / 3, (2 * Math.PI) / 3]) {
    parts.box(iron, [2 * RADIUS, 0.025, 0.03], [x, y, z], [0, turn, 0]);
  }
  return Array.from({ length: NUM_CANDLES }, (_, i): Vec => {
    const angle = (2 * Math.PI * (i + 0.3)) / NUM_CANDLES;
    const at: Vec = [x + RADIUS * Math.cos(angle), y, z + RADIUS * Math.sin(angle)];
    parts.cylinder(brass, 0.13, 0.03, at);
    parts.cylinder(wax, 0.055, 0.16, [at[0], y + 0.03, at[2]]);
    return [at[0], y + 0.19, at[2]];
  });
}
