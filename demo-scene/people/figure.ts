import type { StandardMaterial } from '@babylonjs/core/Materials/standardMaterial.js';
import { Color4 } from '@babylonjs/core/Maths/math.color.js';
import type { Mesh } from '@babylonjs/core/Meshes/mesh.js';
import { Sprite } from '@babylonjs/core/Sprites/sprite.js';
import type { GeneratedSprites } from '../../plugin/index.ts';
import { createShadow, LIFT } from './contactShadow.ts';

/** Where a figure is and how it is held. */
export interface Pose {
  x: number;
  /** Height of what it stands on, in metres. */
  y: number;
  z: number;
  /** Lifted in a step, in metres. */
  bobM?: number;
  /** Leaning to a side, in radians. */
  lean?: number;
}

/** The colour of the light at a place. */
export type Tint = (x: number, y: number, z: number) => Color4;

/** A sprite of one cell of a sheet, standing on its lowest pixel, and its contact shadow. */
export class Figure {
  /** Share of the picture, from below, in which there is nothing. */
  emptyBelow = 0;
  private readonly sprite: Sprite;
  private readonly shadow: Mesh | null;

  /**
   * @param sizeM width and height of the whole picture
   * @param shade what the shadow is made of; null: none is cast
   */
  constructor(
    sheet: GeneratedSprites,
    readonly cell: number,
    private readonly sizeM: number,
    shade: StandardMaterial | null,
    private readonly tint: Tint,
  ) {
    this.shadow = shade && createShadow(sheet.scene, shade, 0.62 * sizeM);
    this.sprite = new Sprite(sheet.name, sheet);
    this.sprite.cellIndex = cell;
    this.sprite.size = sizeM;
    this.sprite.color = new Color4(1, 1, 1, 1);
    this.isVisible = false;
  }

  get isVisible(): boolean {
    return this.sprite.isVisible;
  }

  set isVisible(isVisible: boolean) {
    this.sprite.isVisible = isVisible;
    this.sprite.isPickable = isVisible;
    if (this.shadow) this.shadow.isVisible = isVisible;
  }

  /** Whether a picked sprite is this one. */
  has(sprite: Sprite): boolean {
    return sprite === this.sprite;
  }

  hold({ x, y, z, bobM = 0, lean = 0 }: Pose): void {
    this.shadow?.position.set(x, y + LIFT, z);
    const middle = (0.5 - this.emptyBelow) * this.sizeM;
    this.sprite.position.set(x - lean * middle, y + middle + bobM, z);
    this.sprite.angle = lean;
    this.sprite.color.copyFrom(this.tint(x, y + middle, z));
  }

  dispose(): void {
    this.shadow?.dispose();
    this.sprite.dispose();
  }
}
