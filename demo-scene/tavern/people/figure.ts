import type { Ray } from '@babylonjs/core/Culling/ray.core.js';
import { Axis } from '@babylonjs/core/Maths/math.axis.js';
import { Color4 } from '@babylonjs/core/Maths/math.color.js';
import { Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import type { AbstractMesh } from '@babylonjs/core/Meshes/abstractMesh.js';
import type { Sprite } from '@babylonjs/core/Sprites/sprite.js';
import { footPivot, type GeneratedSprite, type GeneratedSprites, type ModelInfo } from '../../../plugin/index.ts';
import { type Still, standingFrame } from '../../shared/frames.ts';
import { type ContactShadows, SHADOW_LIFT_M } from './contactShadows.ts';

/** Where a figure stands, and how it leans and bobs as it walks. */
interface Pose {
  x: number;
  /** The height of the ground below it, in metres. */
  y: number;
  z: number;
  /** How far a step lifts it, in metres. */
  bobM?: number;
  /** How far it leans to a side, in radians. */
  lean?: number;
}

/** Gives the colour of the light at a place. */
export type Tint = (x: number, y: number, z: number) => Color4;

/** The way that somebody looks or goes, as models of walking characters call it. */
export type Direction = 'down' | 'left' | 'right' | 'up';

/** A pixel can be clicked from this alpha on. */
const SOLID = 128;

/**
 * A sprite that shows one cell of a sheet and stands on its lowest pixel, with its contact shadow. Where the model makes
 * frames it walks.
 */
export class SpriteFigure {
  /** The share of the picture's height that is transparent at its lower edge. */
  private emptyBelow = 0;
  private still: Still | null = null;
  private readonly sprite: GeneratedSprite;
  private readonly shadow: AbstractMesh | null;

  /**
   * @param pixelM  the length of one pixel of the sheet, in metres
   * @param shadows those of the room, of which it gets one; null when it casts none
   */
  constructor(
    private readonly sheet: GeneratedSprites,
    readonly cell: number,
    pixelM: number,
    shadows: ContactShadows | null,
    private readonly tint: Tint,
  ) {
    this.sprite = sheet.createSprite(cell, sheet.name);
    this.sprite.width = pixelM * sheet.cellWidth;
    this.sprite.height = pixelM * sheet.cellHeight;
    this.sprite.color = new Color4(1, 1, 1, 1);
    this.shadow = shadows?.add(0.62 * this.sprite.width) ?? null;
    this.isVisible = false;
  }

  get isVisible(): boolean {
    return this.sprite.isVisible;
  }

  set isVisible(isVisible: boolean) {
    this.sprite.isVisible = isVisible;
    this.sprite.isPickable = isVisible;
    if (this.shadow) this.shadow.isVisible = isVisible;
    if (!isVisible) this.still = null; // the figure is used again for another picture
  }

  /** True when the sprite's model has animations of walking. */
  get canWalk(): boolean {
    return this.sprite.animationNames.some((name) => name.startsWith('walk'));
  }

  has(sprite: Sprite): boolean {
    return sprite === this.sprite;
  }

  /** Takes the picture that it shows. @param pixels of all frames: RGBA bytes, top row first */
  shows(pixels: Uint8Array, info: ModelInfo): void {
    this.still = standingFrame(pixels, info);
    this.emptyBelow = 1 - footPivot(this.still.pixels, this.still.widthPx, this.still.heightPx).y;
  }

  /** Plays the frames of walking, where there are any in that direction. */
  walk(direction: Direction): void {
    this.turn('walk', direction);
  }

  /** Stands still, or sits where the model knows how to. */
  rest(direction: Direction, isSeated: boolean): void {
    if (isSeated && this.sprite.animationNames.includes(`sit-${direction}`)) this.turn('sit', direction);
    else this.turn('stand', direction);
  }

  private turn(action: string, direction: Direction): void {
    const has = (asked: string) => this.sprite.animationNames.includes(`${asked}-${direction}`);
    if (action !== 'stand' && has(action)) this.sprite.play(action, direction);
    else if (has('stand') || has('walk')) this.sprite.stand(direction);
    else this.sprite.stand();
  }

  /** Whether a ray from the camera meets an opaque pixel. Until the picture is known, any point counts. */
  isSolidAt({ origin, direction }: Ray): boolean {
    const eye = this.sheet.scene.activeCamera;
    if (!this.still || !eye) return true;
    const [right, up, ahead] = [Axis.X, Axis.Y, Axis.Z].map((axis) => eye.getDirection(axis)) as [
      Vector3,
      Vector3,
      Vector3,
    ];
    const toMiddle = this.sprite.position.subtract(origin);
    const distance = Vector3.Dot(toMiddle, ahead) / Vector3.Dot(direction, ahead);
    const offset = direction.scale(distance).subtract(toMiddle);
    const { widthPx, heightPx, pixels } = this.still;
    const column = Math.floor((0.5 + Vector3.Dot(offset, right) / this.sprite.width) * widthPx);
    const row = Math.floor((0.5 - Vector3.Dot(offset, up) / this.sprite.height) * heightPx);
    if (column < 0 || column >= widthPx || row < 0 || row >= heightPx) return false;
    return pixels[4 * (row * widthPx + column) + 3]! >= SOLID;
  }

  hold({ x, y, z, bobM = 0, lean = 0 }: Pose): void {
    this.shadow?.position.set(x, Math.max(y, 0) + SHADOW_LIFT_M, z); // of a guest who sits, it stays on the floor
    const middle = (0.5 - this.emptyBelow) * this.sprite.height;
    this.sprite.position.set(x - lean * middle, y + middle + bobM, z);
    this.sprite.angle = lean;
    this.sprite.color.copyFrom(this.tint(x, y + middle, z));
  }

  dispose(): void {
    this.shadow?.dispose();
    this.sprite.dispose();
  }
}
