import type { Texture } from '@babylonjs/core/Materials/Textures/texture.js';

/** Settings of a texture, beside its look, that a scene file keeps where they are not the usual ones. */
const NAMES = [
  'getAlphaFromRGB',
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
  'anisotropicFilteringLevel',
  'gammaSpace',
] as const;

export type TextureSettings = Pick<Texture, (typeof NAMES)[number]>;

export function settingsOf(texture: Texture): TextureSettings {
  return Object.fromEntries(NAMES.map((name) => [name, texture[name]])) as unknown as TextureSettings;
}

/** Those that differ from `usual`. */
export function changedSettings(texture: Texture, usual: TextureSettings): Partial<TextureSettings> {
  return Object.fromEntries(NAMES.filter((name) => texture[name] !== usual[name]).map((name) => [name, texture[name]]));
}

/** Sets what a saved texture brings of them, if it is of the right type; the file is not trusted. */
export function applySettings(texture: Texture, saved: Partial<TextureSettings>): void {
  const settable = texture as unknown as Record<string, unknown>;
  for (const name of NAMES) {
    const value = saved[name];
    if (value === undefined || typeof value !== typeof texture[name]) continue;
    settable[name] = value;
  }
}
