import type { Ray } from '@babylonjs/core/Culling/ray.core.js';
import { StandardMaterial } from '@babylonjs/core/Materials/standardMaterial.js';
import { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import { Axis } from '@babylonjs/core/Maths/math.axis.js';
import { Color3, Color4 } from '@babylonjs/core/Maths/math.color.js';
import { Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import { CreateGround } from '@babylonjs/core/Meshes/Builders/groundBuilder.js';
import type { Mesh } from '@babylonjs/core/Meshes/mesh.js';
import { Sprite } from '@babylonjs/core/Sprites/sprite.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { footPivot, type GeneratedSprites } from '../../../plugin/index.ts';

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

/** A pixel can be clicked from this alpha on. */
const SOLID = 128;

/** A sprite that shows one cell of a sheet and stands on its lowest pixel, with its contact shadow. */
export class SpriteFigure {
  /** The share of the picture's height that is transparent at its lower edge. */
  private emptyBelow = 0;
  private picture: Uint8Array | null = null;
  private readonly sprite: Sprite;
  private readonly shadow: Mesh | null;

  /**
   * @param sizeM width and height of the whole picture, in metres
   * @param shade the material of the shadow; null when it casts none
   */
  constructor(
    private readonly sheet: GeneratedSprites,
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
    if (!isVisible) this.picture = null; // the figure is used again for another picture
  }

  has(sprite: Sprite): boolean {
    return sprite === this.sprite;
  }

  /** Takes the picture that it shows. @param pixels RGBA bytes, top row first */
  shows(pixels: Uint8Array): void {
    this.picture = pixels;
    const { cellWidth, cellHeight } = this.sheet;
    this.emptyBelow = 1 - footPivot(pixels, cellWidth, cellHeight).y;
  }

  /** Whether a ray from the camera meets an opaque pixel. Until the picture is known, any point counts. */
  isSolidAt({ origin, direction }: Ray): boolean {
    const eye = this.sheet.scene.activeCamera;
    if (!this.picture || !eye) return true;
    const [right, up, ahead] = [Axis.X, Axis.Y, Axis.Z].map((axis) => eye.getDirection(axis)) as [
      Vector3,
      Vector3,
      Vector3,
    ];
    const toMiddle = this.sprite.position.subtract(origin);
    const distance = Vector3.Dot(toMiddle, ahead) / Vector3.Dot(direction, ahead);
    const offset = direction.scale(distance).subtract(toMiddle);
    const { cellWidth, cellHeight } = this.sheet;
    const column = Math.floor((0.5 + Vector3.Dot(offset, right) / this.sizeM) * cellWidth);
    const row = Math.floor((0.5 - Vector3.Dot(offset, up) / this.sizeM) * cellHeight);
    if (column < 0 || column >= cellWidth || row < 0 || row >= cellHeight) return false;
    return this.picture[4 * (row * cellWidth + column) + 3]! >= SOLID;
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

const SIZE_PX = 32;
const DARKEST = 0.62;
/** How far the shadow floats above the ground, in metres. */
const LIFT = 0.008;

/** The material of the sprites' shadows: black, and more transparent farther from the middle. */
export function createShadowMaterial(scene: Scene): StandardMaterial {
  const pixels = new Uint8Array(4 * SIZE_PX * SIZE_PX);
  for (let i = 0; i < SIZE_PX * SIZE_PX; i++) {
    const [x, y] = [(i % SIZE_PX) + 0.5, Math.floor(i / SIZE_PX) + 0.5].map((at) => (2 * at) / SIZE_PX - 1);
    const inside = Math.max(0, 1 - Math.hypot(x!, y!));
    pixels[4 * i + 3] = 255 * DARKEST * inside * inside * (3 - 2 * inside);
  }
  const material = new StandardMaterial('contact shadow', scene);
  material.opacityTexture = RawTexture.CreateRGBATexture(pixels, SIZE_PX, SIZE_PX, scene, false);
  material.diffuseColor = Color3.Black();
  material.disableLighting = true;
  return material;
}

/** The shadow below a sprite, which the lights' own shadow maps leave out. */
function createShadow(scene: Scene, material: StandardMaterial, sizeM: number): Mesh {
  const shadow = CreateGround('contact shadow', { width: sizeM, height: sizeM }, scene);
  shadow.material = material;
  shadow.isPickable = false;
  return shadow;
}
