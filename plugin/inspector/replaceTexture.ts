import { Material } from '@babylonjs/core/Materials/material.js';
import { MaterialPluginBase } from '@babylonjs/core/Materials/materialPluginBase.js';
import type { NodeMaterial } from '@babylonjs/core/Materials/Node/nodeMaterial.js';
import type { BaseTexture } from '@babylonjs/core/Materials/Textures/baseTexture.js';
import { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import { AbstractMesh } from '@babylonjs/core/Meshes/abstractMesh.js';
import { GeneratedSheet, GeneratedTexture, SurfaceMaterial } from '../index.ts';

/** How a texture is placed on a mesh. */
const PLACEMENT = [
  'level',
  'coordinatesIndex',
  'coordinatesMode',
  'wrapU',
  'wrapV',
  'uOffset',
  'vOffset',
  'uScale',
  'vScale',
  'uAng',
  'vAng',
  'wAng',
  'uRotationCenter',
  'vRotationCenter',
  'wRotationCenter',
] as const;

/**
 * The textures of what is selected that a generated one can take the place of: flat ones, those that a generated picture or
 * surface already made excepted.
 */
export function replaceableTextures(entity: unknown): Texture[] {
  if (entity instanceof AbstractMesh) return replaceableTextures(entity.material);
  if (entity instanceof SurfaceMaterial) return [];
  if (!(entity instanceof Material)) return isReplaceable(entity) && isPainted(entity) ? [entity] : [];
  return [...new Set(entity.getActiveTextures())].filter(isReplaceable);
}

function isReplaceable(texture: unknown): texture is Texture {
  if (!(texture instanceof Texture) || texture instanceof GeneratedTexture || texture instanceof GeneratedSheet)
    return false;
  return !texture.isCube && !texture.is3D && !texture.isRenderTarget;
}

/** Whether materials show a texture, and none of them made it: no surface's normals, nor the maps of a generated texture. */
function isPainted(texture: Texture): boolean {
  const owners = texture.getScene()!.materials.filter((material) => material.hasTexture(texture));
  return owners.length > 0 && !owners.some((material) => material instanceof SurfaceMaterial);
}

/**
 * Puts a texture in the place of another in all materials of the scene, and places it as that one was. The other is not
 * disposed.
 *
 * @returns the materials that show it now
 */
export function replaceTexture(old: Texture, texture: Texture): Material[] {
  for (const name of PLACEMENT) texture[name] = old[name];
  texture.homogeneousRotationInUVTransform = old.homogeneousRotationInUVTransform;
  if (old.url && !old.invertY) flip(texture); // an image with its top row at v = 0, as meshes of glTF have it
  return old.getScene()!.materials.filter((material) => {
    return ownersOf(material).reduce((sum, owner) => sum + putInto(owner, old, texture), 0) > 0;
  });
}

/** Turns a texture upside down where it is: what was at v is then at 1 − v. */
function flip(texture: Texture): void {
  texture.vScale = -texture.vScale;
  texture.vOffset = 1 - texture.vOffset;
  if (texture.homogeneousRotationInUVTransform) return; // it is rotated before it is scaled
  texture.uAng = -texture.uAng; // in a mirror, a rotation goes the other way
  texture.wAng = -texture.wAng;
}

/** The material, its layers, such as a clear coat, and the blocks of a node material. */
function ownersOf(material: Material): object[] {
  const layers = Object.values(material).filter((value) => value instanceof MaterialPluginBase);
  const blocks = material.getClassName() === 'NodeMaterial' ? (material as NodeMaterial).getTextureBlocks() : [];
  return [material, ...layers, ...blocks];
}

/** Changes the public properties that hold a texture. @returns how many */
function putInto(owner: object, old: BaseTexture, texture: BaseTexture): number {
  const slots = owner as Record<string, unknown>;
  const held = slotNames(owner).filter((name) => slots[name] === old);
  for (const name of held) slots[name] = texture;
  return held.length;
}

/** Public properties that are called textures; Babylon's are mostly accessors of a class, which no loop lists. */
function slotNames(owner: object): string[] {
  const names = new Set<string>();
  for (let level = owner; level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const name of Object.getOwnPropertyNames(level)) if (/^[^_].*texture$|^texture$/i.test(name)) names.add(name);
  }
  return [...names];
}
