import { Material } from '@babylonjs/core/Materials/material.js';
import { PBRMaterial } from '@babylonjs/core/Materials/PBR/pbrMaterial.js';
import { definedOf, type ModelInfo, quote } from '../../runtime/index.ts';
import type { GeneratedTexture } from '../texture/generatedTexture.ts';
import { warnOnce } from '../warnOnce.ts';
import type { SurfaceMaterialOptions } from './surfaceMaterial.ts';

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

/** Warns of settings for maps that are asked of a model whose materials have none. */
export function warnOfSurface(settings: SurfaceMaterialOptions, { name: model }: Pick<ModelInfo, 'name'>): void {
  for (const name of Object.keys(definedOf(settings))) {
    const why = `it is for models whose pictures repeat, and those of ${quote(model)} do not`;
    warnOnce(`generateMaterialAsync: ${quote(name)} is passed over; ${why}`);
  }
}
