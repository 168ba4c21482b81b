import type { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import { createTexelTexture, PictureTarget } from './texelTexture.ts';

/** Makes a texture for the maps of another's pictures, which is where that one is: in the scene, or in an asset container alone. */
export function createMapsTarget(
  texture: RawTexture,
  [width, height]: readonly [width: number, height: number],
): PictureTarget {
  const scene = texture.getScene()!;
  const maps = createTexelTexture(scene, width, height);
  maps.name = `${texture.name} maps`;
  maps._parentContainer = texture._parentContainer;
  texture._parentContainer?.textures.push(maps);
  if (!scene.textures.includes(texture)) scene.removeTexture(maps);
  return new PictureTarget(maps, width, height, true);
}
