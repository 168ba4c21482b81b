import { Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import { CreateLathe } from '@babylonjs/core/Meshes/Builders/latheBuilder.js';
import { Mesh } from '@babylonjs/core/Meshes/mesh.js';
import type { Scene } from '@babylonjs/core/scene.js';
import type { Materials } from '../room/materials.ts';

/** Height of a cloak's collar above its hem, unstretched, in metres. */
export const CLOAK_HEIGHT = 0.72;

/** Radius and height above the hem, up to the collar. */
const OUTLINE = [
  [0.3, 0],
  [0.29, 0.1],
  [0.25, 0.32],
  [0.265, 0.46],
  [0.25, 0.6],
  [0.17, 0.69],
  [0.1, CLOAK_HEIGHT],
] as const;

/** A cloak with its hem at the origin, under the bust of who wears it. */
export function createCloak(scene: Scene, { cloth }: Pick<Materials, 'cloth'>, colour: number): Mesh {
  const shape = OUTLINE.map(([radius, height]) => new Vector3(radius, height, 0));
  const cloak = CreateLathe('cloak', { shape, tessellation: 24, sideOrientation: Mesh.DOUBLESIDE }, scene);
  cloak.material = cloth[colour % cloth.length]!;
  cloak.isPickable = false;
  cloak.receiveShadows = true;
  return cloak;
}
