import { CreateBox } from '@babylonjs/core/Meshes/Builders/boxBuilder.js';
import type { Mesh } from '@babylonjs/core/Meshes/mesh.js';
import { TransformNode } from '@babylonjs/core/Meshes/transformNode.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { DOOR, ROOM } from './dimensions.ts';
import type { Materials } from './materials.ts';
import { createMoonlight, hangNight } from './night.ts';
import type { Parts, Vec } from './parts.ts';

const NUM_PLANKS = 4;
const THICKNESS = 0.05;
const OPEN_RAD = -1.75;
const SWING_RAD_PER_S = 3.2;
/** How far the moon shines in at the open door, in metres. */
const MOONLIT_M = 1.5;

/** The leaf of the door: planks and iron, on a hinge. */
export class Door {
  isOpen = false;
  private readonly hinge: TransformNode;
  private readonly moonlight: Mesh;

  constructor(
    private readonly scene: Scene,
    { oak, iron, brass }: Pick<Materials, 'oak' | 'iron' | 'brass'>,
  ) {
    const { x, width, height } = DOOR;
    this.hinge = new TransformNode('door', scene);
    this.hinge.position.set(x - width / 2, 0, ROOM.backZ - 0.13);
    const plank = width / NUM_PLANKS;
    for (let i = 0; i < NUM_PLANKS; i++) {
      this.box(oak, [plank - 0.008, height, THICKNESS], [(i + 0.5) * plank, height / 2, 0]);
    }
    for (const y of [0.35, height - 0.35]) this.box(iron, [0.86 * width, 0.07, THICKNESS + 0.02], [0.45 * width, y, 0]);
    this.box(brass, [0.05, 0.16, THICKNESS + 0.08], [width - 0.12, 1, 0]);
    this.moonlight = createMoonlight(scene, width, MOONLIT_M, [x, 0.006, ROOM.backZ - 0.1 - MOONLIT_M / 2]);
  }

  /** Moves the door on by so many seconds. */
  swing(durationS: number): void {
    const goal = this.isOpen ? OPEN_RAD : 0;
    const left = goal - this.hinge.rotation.y;
    const most = SWING_RAD_PER_S * durationS;
    this.hinge.rotation.y += Math.max(-most, Math.min(most, left));
    this.moonlight.visibility = this.hinge.rotation.y / OPEN_RAD;
    this.moonlight.isVisible = this.moonlight.visibility > 0.01;
  }

  private box(material: Materials['oak'], [width, height, depth]: Vec, at: Vec): void {
    const mesh = CreateBox('door', { width, height, depth }, this.scene);
    mesh.position.set(...at);
    mesh.material = material;
    mesh.parent = this.hinge;
    mesh.isPickable = false;
    mesh.receiveShadows = true;
  }
}

const X = DOOR.x;
const Y = 2.83;
const WIDTH = 0.9;
const HEIGHT = 1.1;
const { backZ } = ROOM;

/** A doorway at the end of the back wall and a leaded window above it, with the night behind both. */
export function buildWindow(scene: Scene, parts: Parts, { beam, iron }: Materials): void {
  hangNight(scene, [WIDTH, HEIGHT], [X, Y, backZ - 0.02], {
    horizon: 0.96,
    moon: [43, 27, 11],
    houses: [
      [-4, 22, 26],
      [20, 16, 17],
      [40, 30, 22],
    ],
  });
  hangNight(scene, [DOOR.width, DOOR.height], [X, DOOR.height / 2, backZ - 0.1], {
    horizon: 0.68,
    houses: [
      [-6, 26, 52],
      [17, 20, 34],
      [44, 26, 46],
    ],
  });
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
