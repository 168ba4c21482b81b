import type { Mesh } from '@babylonjs/core/Meshes/mesh.js';
import type { Scene } from '@babylonjs/core/scene.js';
import type { Flames } from '../light/flames.ts';
import type { TavernPlan } from '../tavernFile.ts';
import { BAR_CANDLE, buildBar } from './bar.ts';
import { buildChandelier } from './chandelier.ts';
import { hangCloths } from './cloths.ts';
import { FIREPLACE, ROOM } from './dimensions.ts';
import { buildFireplace } from './fireplace.ts';
import { buildHall } from './hall.ts';
import type { Materials } from './materials.ts';
import { buildWindow } from './nightWindow.ts';
import { Parts, type Vec } from './parts.ts';
import { buildStool, buildTable, TABLE_Y } from './tables.ts';

export interface TavernRoom {
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
