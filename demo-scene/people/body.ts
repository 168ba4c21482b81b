import type { StandardMaterial } from '@babylonjs/core/Materials/standardMaterial.js';
import { Color4 } from '@babylonjs/core/Maths/math.color.js';
import type { Mesh } from '@babylonjs/core/Meshes/mesh.js';
import { Sprite } from '@babylonjs/core/Sprites/sprite.js';
import type { GeneratedSprites } from '../../plugin/index.ts';
import type { Materials } from '../room/materials.ts';
import { CLOAK_HEIGHT, createCloak } from './cloaks.ts';
import { createShadow } from './contactShadow.ts';

const HEAD_SIZE = 0.86;
/** How far the bust reaches into the cloak. */
const NECK = 0.09;
/** Heights of hem and collar, in metres: of who sits, and of who stands. */
const SITS = { hem: 0.3, collar: 1.02 };
const STANDS = { hem: 0.03, collar: 1.34 };

/** How a body is held. */
export interface Pose {
  x: number;
  z: number;
  /** 0: sits … 1: stands. */
  rise: number;
  /** Lifted in a step, in metres. */
  bobM?: number;
  /** Leaning to a side, in radians. */
  lean?: number;
}

/** The colour of the light at a place. */
export type Tint = (x: number, y: number, z: number) => Color4;

/** A cloak, and above it the sprite of one cell of a sheet; it is worn by one guest after another. */
export class Body {
  private readonly cloak: Mesh;
  private readonly shadow: Mesh;
  private readonly sprite: Sprite;

  constructor(
    sheet: GeneratedSprites,
    readonly cell: number,
    materials: Pick<Materials, 'cloth'>,
    shade: StandardMaterial,
    private readonly tint: Tint,
  ) {
    this.cloak = createCloak(sheet.scene, materials, cell);
    this.shadow = createShadow(sheet.scene, shade);
    this.sprite = new Sprite('guest', sheet);
    this.sprite.cellIndex = cell;
    this.sprite.size = HEAD_SIZE;
    this.sprite.color = new Color4(1, 1, 1, 1);
    this.isVisible = false;
  }

  get isVisible(): boolean {
    return this.sprite.isVisible;
  }

  set isVisible(isVisible: boolean) {
    this.sprite.isVisible = isVisible;
    this.sprite.isPickable = isVisible;
    this.cloak.isVisible = isVisible;
    this.shadow.isVisible = isVisible;
  }

  /** Whether a picked sprite is of this body. */
  has(sprite: Sprite): boolean {
    return sprite === this.sprite;
  }

  hold({ x, z, rise, bobM = 0, lean = 0 }: Pose): void {
    const hem = SITS.hem + rise * (STANDS.hem - SITS.hem) + bobM;
    const collar = SITS.collar + rise * (STANDS.collar - SITS.collar) + bobM;
    this.shadow.position.set(x, this.shadow.position.y, z);
    this.cloak.position.set(x, hem, z);
    this.cloak.scaling.set(1, (collar - hem) / CLOAK_HEIGHT, 0.75);
    this.cloak.rotation.z = lean;
    const y = collar - NECK + HEAD_SIZE / 2;
    this.sprite.position.set(x - lean * (collar - hem), y, z);
    this.sprite.angle = lean;
    this.sprite.color.copyFrom(this.tint(x, y, z));
  }

  dispose(): void {
    this.cloak.dispose();
    this.shadow.dispose();
    this.sprite.dispose();
  }
}
