import { Material } from '@babylonjs/core/Materials/material.js';
import { PBRMaterial } from '@babylonjs/core/Materials/PBR/pbrMaterial.js';
import type { GeneratedTexture } from '../texture/generatedTexture.ts';

/** Below this alpha a pixel of a cut-out is not drawn. */
const ALPHA_CUT_OFF = 0.4;

/**
 * Makes a matt material that shows a generated texture. A texture with alpha is cut out along it and visible from both
 * sides; others are opaque. Disposing the material with its textures disposes the generated one as well.
 */
export function createGeneratedMaterial(name: string, texture: GeneratedTexture): PBRMaterial {
  const material = new PBRMaterial(name, texture.getScene()!);
  material.albedoTexture = texture;
  material.metallic = 0;
  material.roughness = 1;
  if (texture.hasAlpha) {
    material.useAlphaFromAlbedoTexture = true;
    material.transparencyMode = Material.MATERIAL_ALPHATEST;
    material.alphaCutOff = ALPHA_CUT_OFF;
    material.backFaceCulling = false;
  }
  return material;
}
