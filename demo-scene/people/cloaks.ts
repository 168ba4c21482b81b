import { Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import { CreateLathe } from '@babylonjs/core/Meshes/Builders/latheBuilder.js';
import { Mesh } from '@babylonjs/core/Meshes/mesh.js';
import type { Scene } from '@babylonjs/core/scene.js';
import type { Materials } from '../room/materials.ts';
import type { Seat } from '../tavernFile.ts';

/** Height of a guest's shoulders, in metres. */
export const SHOULDER_Y = 0.98;
const SEAT_Y = 0.3;

/** Radius and height above the seat, from the hem to the collar. */
const OUTLINE = [
  [0.3, 0],
  [0.29, 0.1],
  [0.25, 0.32],
  [0.265, 0.46],
  [0.25, 0.6],
  [0.17, 0.69],
  [0.1, 0.72],
] as const;

/** A cloak on a seat, under the bust of who sits there. */
export function createCloak(scene: Scene, { cloth }: Materials, seat: number, [x, z, lift = 0]: Seat): Mesh {
  const shape = OUTLINE.map(([radius, height]) => new Vector3(radius, height, 0));
  const cloak = CreateLathe('cloak', { shape, tessellation: 24, sideOrientation: Mesh.DOUBLESIDE }, scene);
  cloak.position.set(x, SEAT_Y + lift, z);
  cloak.scaling.z = 0.75;
  cloak.material = cloth[seat % cloth.length]!;
  cloak.isPickable = false;
  cloak.receiveShadows = true;
  return cloak;
}
