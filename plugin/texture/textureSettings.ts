import type { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import { GetClass } from '@babylonjs/core/Misc/typeStore.js';

/** How a texture is placed on a mesh and sampled. */
const PLACEMENT = [
  'coordinatesIndex',
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
  'homogeneousRotationInUVTransform',
  'anisotropicFilteringLevel',
] as const;

/** Settings of a texture, besides its look, that a scene file holds where they differ from the usual ones. */
const NAMES = ['getAlphaFromRGB', 'level', 'coordinatesMode', ...PLACEMENT, 'gammaSpace', 'isBlocking'] as const;

export type TextureSettings = Pick<Texture, (typeof NAMES)[number]>;

export function settingsOf(texture: Texture): TextureSettings {
  return Object.fromEntries(NAMES.map((name) => [name, texture[name]])) as unknown as TextureSettings;
}

/** What belongs to a texture besides its look and its picture. */
export interface SavedSettings extends Partial<TextureSettings> {
  metadata?: unknown;
  /** Babylon's animations of the texture. */
  animations?: unknown[];
}

/** The settings that differ from `usual`, the metadata and the animations. */
export function changedSettings(texture: Texture, usual: TextureSettings): SavedSettings {
  const changed = NAMES.filter((name) => texture[name] !== usual[name]).map((name) => [name, texture[name]]);
  const animations = texture.animations.map((animation) => animation.serialize());
  return {
    ...Object.fromEntries(changed),
    ...(texture.metadata != null && { metadata: texture.metadata }),
    ...(animations.length > 0 && { animations }),
  };
}

/** Applies what `changedSettings` gave. Values of a wrong type are left out, because the file is not trusted. */
export function applySettings(texture: Texture, saved: SavedSettings): void {
  applyNamed(texture, saved);
  texture.metadata = saved.metadata ?? null;
  const animation = GetClass('BABYLON.Animation'); // known to a page that has animations
  if (animation) texture.animations = (saved.animations ?? []).map((animated) => animation.Parse(animated));
}

/** Gives a clone what belongs to its original besides the picture. */
export function copySettings(texture: Texture, copy: Texture): void {
  applyNamed(copy, settingsOf(texture));
  copy.hasAlpha = texture.hasAlpha;
  copy.metadata = texture.metadata;
  copy.animations = texture.animations.map((animation) => animation.clone());
  if (texture.samplingMode !== copy.samplingMode) copy.updateSamplingMode(texture.samplingMode);
}

/** Turns a texture upside down, so that it fits meshes whose v = 0 is at the top: v becomes 1 − v. */
export function turnOver(texture: Texture): void {
  [texture.vScale, texture.vOffset] = [-1, 1];
}

/** Places and samples a texture as another. */
export function placeLike(texture: Texture, other: Texture): void {
  const settable = texture as unknown as Record<string, unknown>;
  for (const name of PLACEMENT) settable[name] = other[name];
  if (texture.samplingMode !== other.samplingMode) texture.updateSamplingMode(other.samplingMode);
}

function applyNamed(texture: Texture, saved: Partial<TextureSettings>): void {
  const settable = texture as unknown as Record<string, unknown>;
  for (const name of NAMES) {
    const value = saved[name];
    if (value === undefined || typeof value !== typeof texture[name]) continue;
    settable[name] = value;
  }
}
