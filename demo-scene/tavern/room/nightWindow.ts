import { PBRMaterial } from '@babylonjs/core/Materials/PBR/pbrMaterial.js';
import { Color3 } from '@babylonjs/core/Maths/math.color.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { DOOR, ROOM } from './dimensions.ts';
import type { Materials } from './materials.ts';
import type { Parts } from './parts.ts';

const X = DOOR.x;
const Y = 2.83;
const WIDTH = 0.9;
const HEIGHT = 1.1;
const { backZ } = ROOM;

/** A doorway at the end of the back wall and a leaded window above it, with the night behind both. */
export function buildWindow(scene: Scene, parts: Parts, { beam, iron }: Materials): void {
  const night = new PBRMaterial('night', scene);
  night.albedoColor = new Color3(0.01, 0.02, 0.05);
  night.emissiveColor = new Color3(0.06, 0.13, 0.3);
  night.roughness = 0.2;
  night.metallic = 0;
  parts.box(night, [WIDTH, HEIGHT, 0.02], [X, Y, backZ - 0.01]);
  parts.box(night, [DOOR.width, DOOR.height, 0.02], [X, DOOR.height / 2, backZ - 0.1]);
  for (const side of [-1, 1]) {
    parts.box(beam, [0.12, DOOR.height, 0.3], [X + side * (DOOR.width / 2 + 0.06), DOOR.height / 2, backZ - 0.1]);
  }
  parts.box(beam, [DOOR.width + 0.24, 0.14, 0.3], [X, DOOR.height + 0.07, backZ - 0.1]);
  for (const side of [-1, 1]) {
    parts.box(beam, [0.12, HEIGHT + 0.24, 0.16], [X + side * (WIDTH / 2 + 0.06), Y, backZ - 0.08]);
    parts.box(beam, [WIDTH + 0.24, 0.12, 0.18], [X, Y + side * (HEIGHT / 2 + 0.06), backZ - 0.09]);
  }
  for (let i = 1; i < 4; i++) {
    parts.box(iron, [i === 2 ? 0.05 : 0.02, HEIGHT, 0.04], [X - WIDTH / 2 + (i * WIDTH) / 4, Y, backZ - 0.03]);
  }
  for (let i = 1; i < 5; i++) {
    parts.box(iron, [WIDTH, 0.02, 0.04], [X, Y - HEIGHT / 2 + (i * HEIGHT) / 5, backZ - 0.03]);
  }
}
