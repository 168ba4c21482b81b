import { StandardMaterial } from '@babylonjs/core/Materials/standardMaterial.js';
import { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import { Color3 } from '@babylonjs/core/Maths/math.color.js';
import { CreateGround } from '@babylonjs/core/Meshes/Builders/groundBuilder.js';
import type { Mesh } from '@babylonjs/core/Meshes/mesh.js';
import type { Scene } from '@babylonjs/core/scene.js';

const SIZE_PX = 32;
const DARKEST = 0.62;
/** Above what it falls on, in metres. */
export const LIFT = 0.008;

/** What the shadows of sprites are made of: black, the thinner the farther from the middle. */
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

/** The shadow below somebody or something, where the shadows of the lights are drawn once and know of no sprite. */
export function createShadow(scene: Scene, material: StandardMaterial, sizeM: number): Mesh {
  const shadow = CreateGround('contact shadow', { width: sizeM, height: sizeM }, scene);
  shadow.material = material;
  shadow.isPickable = false;
  return shadow;
}
