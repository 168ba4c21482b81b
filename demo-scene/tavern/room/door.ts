import { CreateBox } from '@babylonjs/core/Meshes/Builders/boxBuilder.js';
import { TransformNode } from '@babylonjs/core/Meshes/transformNode.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { DOOR, ROOM } from './dimensions.ts';
import type { Materials } from './materials.ts';
import type { Vec } from './parts.ts';

const NUM_PLANKS = 4;
const THICKNESS = 0.05;
const OPEN_RAD = -1.75;
const SWING_RAD_PER_S = 3.2;

/** The leaf of the door: planks and iron, on a hinge. */
export class Door {
  isOpen = false;
  private readonly hinge: TransformNode;

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
  }

  /** Lets so many seconds pass. */
  swing(durationS: number): void {
    const goal = this.isOpen ? OPEN_RAD : 0;
    const left = goal - this.hinge.rotation.y;
    const most = SWING_RAD_PER_S * durationS;
    this.hinge.rotation.y += Math.max(-most, Math.min(most, left));
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
