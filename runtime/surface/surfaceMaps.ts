import { runToEnd } from '../core/slices.ts';
import { ambientOcclusionInSlices, checkOcclusionOptions } from './ambientOcclusion.ts';
import { cavityInSlices, checkCavityOptions } from './cavity.ts';
import { checkHeightOptions, heightInSlices } from './height.ts';
import { type MaterialSettings, materialSettings } from './materialDefaults.ts';
import { checkMetallicOptions, metallicMap } from './metallic.ts';
import { NORMAL_DEFAULTS, type NormalGreen, normalMap } from './normals.ts';
import { checkRoughnessOptions, roughnessMap } from './roughness.ts';
import { greyMap, type Plane, type SurfaceMap } from './surfaceImage.ts';

/** The material by its label, and whatever of its settings is to be otherwise. */
export interface SurfaceOptions extends Partial<MaterialSettings> {
  /** One of `MATERIAL_LABELS`; the generic settings for any other, or none. */
  label?: string;
  /** Which way the normal map's green points; default `opengl`. */
  green?: NormalGreen;
}

/** The maps of one material, all of the picture's size, as data (not sRGB). */
export interface SurfaceMaps {
  /** Grey: black is lowest. */
  height: SurfaceMap;
  /** RGB: tangent space, (128, 128, 255) is flat. */
  normal: SurfaceMap;
  /** Grey: white is open to the sky. */
  ambientOcclusion: SurfaceMap;
  /** Grey: cracks dark, edges bright, 128 is even. */
  cavity: SurfaceMap;
  /** Grey: black is a mirror. */
  roughness: SurfaceMap;
  /** Grey: white is bare metal. */
  metallic: SurfaceMap;
  /** RGB, as glTF and Babylon read it: ambient occlusion, roughness, metallic. */
  orm: SurfaceMap;
}

/**
 * All maps of a material from its picture. The picture is taken to repeat, and so do the maps.
 *
 *   const { normal, orm } = surfaceMaps(pixels, 64, 64, { label: 'brick', depthPx: 6 });
 *
 * @param pixels RGB or RGBA bytes, sRGB, top row first
 * @throws       RangeError when the bytes do not fit the size, or an option is out of range
 */
export function surfaceMaps(
  pixels: Uint8Array | Uint8ClampedArray,
  widthPx: number,
  heightPx: number,
  options: SurfaceOptions = {},
): SurfaceMaps {
  return runToEnd(surfaceMapsInSlices(pixels, widthPx, heightPx, options));
}

/** `surfaceMaps` in slices of about a millisecond for a picture of 512 × 512, for a thread that has other work. */
export function* surfaceMapsInSlices(
  pixels: Uint8Array | Uint8ClampedArray,
  widthPx: number,
  heightPx: number,
  options: SurfaceOptions = {},
): Generator<void, SurfaceMaps> {
  const { green = NORMAL_DEFAULTS.green } = options;
  const settings = surfaceSettings(options);
  const height = yield* heightInSlices(pixels, widthPx, heightPx, settings);
  const occlusion = yield* ambientOcclusionInSlices(height, widthPx, heightPx, settings);
  const cavity = yield* cavityInSlices(height, widthPx, heightPx, settings);
  const roughness = roughnessMap(height, widthPx, heightPx, settings);
  const metallic = metallicMap(pixels, widthPx, heightPx, settings);
  yield;
  const grey = (plane: Plane) => greyMap(plane, widthPx, heightPx);
  const maps = {
    height: grey(height),
    normal: normalMap(height, widthPx, heightPx, { depthPx: settings.depthPx, green }),
    ambientOcclusion: grey(occlusion),
    cavity: grey(cavity),
    roughness: grey(roughness),
    metallic: grey(metallic),
  };
  return { ...maps, orm: packed(maps.ambientOcclusion, maps.roughness, maps.metallic) };
}

/** Three grey maps as the channels of one. */
function packed(red: SurfaceMap, green: SurfaceMap, blue: SurfaceMap): SurfaceMap {
  const pixels = new Uint8Array(3 * red.pixels.length);
  for (const [channel, map] of [red, green, blue].entries()) {
    for (let i = 0; i < map.pixels.length; i++) pixels[3 * i + channel] = map.pixels[i]!;
  }
  return { width: red.width, height: red.height, channels: 3, pixels };
}

/**
 * The settings of the label's material, with those that the options change.
 *
 * @throws RangeError when one is out of range
 */
export function surfaceSettings({ label, green: _green, ...own }: SurfaceOptions): MaterialSettings {
  const changes = Object.entries(own).filter(([, value]) => value !== undefined);
  const settings: MaterialSettings = { ...materialSettings(label), ...Object.fromEntries(changes) };
  checkHeightOptions(settings);
  checkOcclusionOptions(settings);
  checkCavityOptions(settings);
  checkRoughnessOptions(settings);
  checkMetallicOptions(settings);
  return settings;
}
