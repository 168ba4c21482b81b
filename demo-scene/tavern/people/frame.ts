import { VertexBuffer } from '@babylonjs/core/Buffers/buffer.js';
import { Material } from '@babylonjs/core/Materials/material.js';
import { PBRMaterial } from '@babylonjs/core/Materials/PBR/pbrMaterial.js';
import type { BaseTexture } from '@babylonjs/core/Materials/Textures/baseTexture.js';
import { DynamicTexture } from '@babylonjs/core/Materials/Textures/dynamicTexture.js';
import { Color3 } from '@babylonjs/core/Maths/math.color.js';
import { CreatePlane } from '@babylonjs/core/Meshes/Builders/planeBuilder.js';
import { Mesh } from '@babylonjs/core/Meshes/mesh.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { PICTURE_M } from '../room/mouldings.ts';
import type { CanvasColour } from '../tavernFile.ts';

/** The colours of the canvas behind the sitter, in the middle and at the edge. */
const CANVASES: Readonly<Record<CanvasColour, readonly [middle: string, edge: string]>> = {
  moss: ['#7b8a56', '#2f3a22'],
  wine: ['#98524b', '#401d21'],
  ochre: ['#b58a45', '#4a3318'],
  slate: ['#6b7c90', '#28313e'],
};

/** The part of a picture that a frame shows, in u and v: busts stand on the lower edge and leave the upper corners free. */
const CROPS = {
  bust: { left: 0.0625, right: 0.9375, bottom: 0, top: 0.875 },
  whole: { left: 0, right: 1, bottom: 0, top: 1 },
} as const;

type Crop = keyof typeof CROPS;

export interface PictureFrame {
  /** The whole frame, with its middle at the origin and the wall behind it, towards +z. */
  root: Mesh;
  /** The plane that shows the sitter; it can be clicked. */
  picture: Mesh;
  paint: PBRMaterial;
}

/** Makes a canvas with no sitter on it yet. Its mouldings are parts of the room. */
export function createFrame(scene: Scene, canvas: CanvasColour, numLights: number): PictureFrame {
  const root = new Mesh('frame', scene);
  const back = CreatePlane('canvas', { size: PICTURE_M }, scene);
  back.material = createCanvas(scene, canvas, numLights);
  back.position.z = -0.015;
  const picture = CreatePlane('picture', { size: PICTURE_M }, scene);
  picture.position.z = -0.025;
  const paint = createPaint(scene, numLights);
  picture.material = paint;
  picture.isVisible = false;
  for (const mesh of [back, picture]) mesh.parent = root;
  return { root, picture, paint };
}

/** Shows a texture in the frame. */
export function showIn({ picture, paint }: PictureFrame, texture: BaseTexture, crop: Crop): void {
  paint.albedoTexture = texture;
  paint.emissiveTexture = texture;
  picture.setVerticesData(VertexBuffer.UVKind, cornersOf(crop));
  picture.isVisible = true;
}

/** The u and v of a plane's corners, anticlockwise from the lower left one. */
function cornersOf(crop: Crop): number[] {
  const { left, right, bottom, top } = CROPS[crop];
  return [left, bottom, right, bottom, right, top, left, top];
}

/** Shows the empty canvas. */
export function hideIn({ picture, paint }: PictureFrame): void {
  picture.isVisible = false;
  paint.albedoTexture = null;
  paint.emissiveTexture = null;
}

function createCanvas(scene: Scene, colour: CanvasColour, numLights: number): PBRMaterial {
  const sizePx = 128;
  const texture = new DynamicTexture(`canvas ${colour}`, sizePx, scene, true);
  const context = texture.getContext() as CanvasRenderingContext2D;
  const [middle, edge] = CANVASES[colour];
  const shade = context.createRadialGradient(sizePx / 2, 0.55 * sizePx, 8, sizePx / 2, sizePx / 2, 0.75 * sizePx);
  shade.addColorStop(0, middle);
  shade.addColorStop(1, edge);
  context.fillStyle = shade;
  context.fillRect(0, 0, sizePx, sizePx);
  texture.update();
  const material = matt(`canvas ${colour}`, scene, numLights);
  material.albedoTexture = texture;
  material.emissiveTexture = texture;
  material.emissiveColor = new Color3(0.3, 0.27, 0.24);
  return material;
}

/** A material that the room lights and that glows a little, so that a face can be seen in the dark. */
function createPaint(scene: Scene, numLights: number): PBRMaterial {
  const material = matt('paint', scene, numLights);
  material.emissiveColor = new Color3(0.42, 0.38, 0.34);
  material.useAlphaFromAlbedoTexture = true;
  material.transparencyMode = Material.MATERIAL_ALPHATEST;
  material.alphaCutOff = 0.4;
  return material;
}

function matt(name: string, scene: Scene, numLights: number): PBRMaterial {
  const material = new PBRMaterial(name, scene);
  material.metallic = 0;
  material.roughness = 0.9;
  material.maxSimultaneousLights = numLights;
  return material;
}

const [WIDTH_PX, HEIGHT_PX] = [512, 132];
const FONT = 'Georgia, "Liberation Serif", "DejaVu Serif", serif';

/** A brass plate on which a name is engraved, with the sitter's kind below it. */
export class NamePlate {
  static readonly ASPECT = WIDTH_PX / HEIGHT_PX;
  readonly mesh: Mesh;
  private readonly texture: DynamicTexture;

  constructor(scene: Scene, widthM: number, numLights: number) {
    this.texture = new DynamicTexture('plate', { width: WIDTH_PX, height: HEIGHT_PX }, scene, true);
    const material = new PBRMaterial('plate', scene);
    material.albedoTexture = this.texture;
    material.emissiveTexture = this.texture;
    material.emissiveColor = new Color3(0.3, 0.28, 0.24);
    material.metallic = 0.1;
    material.roughness = 0.55;
    material.maxSimultaneousLights = numLights;
    this.mesh = CreatePlane('plate', { width: widthM, height: widthM / NamePlate.ASPECT }, scene);
    this.mesh.material = material;
    this.mesh.isPickable = false;
  }

  engrave(name: string, kind: string): void {
    const context = this.texture.getContext() as CanvasRenderingContext2D;
    const brass = context.createLinearGradient(0, 0, WIDTH_PX, HEIGHT_PX);
    for (const [at, colour] of [
      [0, '#b08a45'],
      [0.45, '#dcbb74'],
      [1, '#9a7636'],
    ] as const)
      brass.addColorStop(at, colour);
    context.fillStyle = brass;
    context.fillRect(0, 0, WIDTH_PX, HEIGHT_PX);
    context.strokeStyle = '#5d431b';
    context.lineWidth = 5;
    context.strokeRect(5, 5, WIDTH_PX - 10, HEIGHT_PX - 10);
    context.fillStyle = '#2a1a08';
    context.textAlign = 'center';
    context.font = `bold 60px ${FONT}`;
    context.fillText(name, WIDTH_PX / 2, 62, WIDTH_PX - 36);
    context.font = `italic 46px ${FONT}`;
    context.fillText(kind, WIDTH_PX / 2, 112, WIDTH_PX - 36);
    this.texture.update();
  }
}
