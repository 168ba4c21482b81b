import { CreateTorusVertexData } from '@babylonjs/core/Meshes/Builders/torusBuilder.js';
import type { Mesh } from '@babylonjs/core/Meshes/mesh.js';
import type { Scene } from '@babylonjs/core/scene.js';
import type { Flames } from '../light/flames.ts';
import type { TavernPlan } from '../tavernFile.ts';
import { FIREPLACE, ROOM } from './dimensions.ts';
import { buildWindow } from './door.ts';
import { buildFireplace } from './fireplace.ts';
import { BAR_CANDLE, buildBar, buildStool, buildTable, TABLE_Y } from './furniture.ts';
import { buildHall, hangCloths } from './hall.ts';
import type { Materials } from './materials.ts';
import { hangMouldings } from './mouldings.ts';
import { Parts, type Vec } from './parts.ts';

interface TavernRoom {
  meshes: Mesh[];
  /** Where the candles on the tables burn. */
  tableCandles: Vec[];
}

const CANDLE_FLAME = 0.12;

/** Builds the room and lights its flames. */
export function buildRoom(
  scene: Scene,
  materials: Materials,
  flames: Flames,
  plan: TavernPlan,
  chandelier: Vec,
): TavernRoom {
  const parts = new Parts(scene);
  buildHall(parts, materials);
  buildFireplace(parts, materials);
  buildBar(parts, materials);
  hangCloths(parts, materials);
  buildWindow(scene, parts, materials);
  for (const portrait of plan.portraits) hangMouldings(parts, materials, portrait);
  for (const [x, z] of plan.tables) buildTable(parts, materials, x, z);
  for (const [x, z] of plan.stools) buildStool(parts, materials, x, z);
  for (const flame of buildChandelier(parts, materials, chandelier)) flames.add(flame, CANDLE_FLAME);
  const tableCandles = plan.tables.map(([x, z]): Vec => [x, TABLE_Y + 0.19, z]);
  for (const at of tableCandles) flames.add(at, CANDLE_FLAME);
  flames.add(BAR_CANDLE, CANDLE_FLAME);
  lightFire(flames);
  return { meshes: parts.finish(), tableCandles };
}

function lightFire(flames: Flames): void {
  const z = ROOM.backZ - 0.32;
  const tongues = [
    [-0.36, 0.3],
    [-0.19, 0.46],
    [0.02, 0.66],
    [0.2, 0.5],
    [0.37, 0.32],
  ] as const;
  for (const [at, height] of tongues) flames.add([FIREPLACE.x + at, 0.24, z - 0.05], height, 0.42 * height);
  for (const side of [-1.1, 1.08]) flames.add([FIREPLACE.x + side, 1.98, ROOM.backZ - 0.53], CANDLE_FLAME);
}

const RADIUS = 0.44;
const NUM_CANDLES = 6;

/** An iron ring of candles on a chain, its middle at `at`. @returns where the flames of the candles stand */
function buildChandelier(parts: Parts, { iron, wax, brass }: Materials, [x, y, z]: Vec): Vec[] {
  parts.add(iron, CreateTorusVertexData({ diameter: 2 * RADIUS, thickness: 0.05, tessellation: 36 }), [x, y, z]);
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
