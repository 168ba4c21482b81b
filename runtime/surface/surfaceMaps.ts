import { definedOf } from '../core/definedOf.ts';
import { runToEnd } from '../core/slices.ts';
import { ambientOcclusionInSlices, checkOcclusionOptions } from './ambientOcclusion.ts';
import { cavityInSlices, checkCavityOptions } from './cavity.ts';
import { checkHeightOptions, heightInSlices } from './height.ts';
import { enlargedSettings, type MaterialSettings, materialSettings } from './materialSettings.ts';
import {
  checkMetallicOptions,
  checkRoughnessOptions,
  MIN_ROUGHNESS,
  metallicMap,
  roughnessMap,
} from './metallicRoughness.ts';
import { checkNormalOptions, NORMAL_DEFAULTS, type NormalGreen, normalMapInSlices } from './normals.ts';
import { greyMap, type Plane, planeOf, type SurfaceMap } from './plane.ts';

/** The material by its label, and any of its settings that should differ. */
export interface SurfaceOptions extends Partial<MaterialSettings> {
  /** What the material is; one that `materialSettings` does not know, or none, has the generic settings. */
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
 * Where height, roughness and metal were generated with the picture, they are taken as they are, and the other maps follow from
 * that height:
 *
 *   const [{ pixels, maps }] = await generatePictures(model, [{ label: 'brick', seed: 7 }]);
 *   const { normal, orm } = surfaceMaps(pixels, 128, 128, { label: 'brick' }, maps);
 *
 * @param pixels    RGB or RGBA bytes, sRGB, top row first
 * @param generated RGBA bytes of the same size: height, roughness, metallic; null: they are guessed from the picture
 * @param factor    by which the picture was enlarged, 1 … 4: the options are those of the picture before, see `enlargedSettings`
 * @throws          RangeError when the bytes do not fit the size, or an option is out of range
 */
export function surfaceMaps(
  pixels: Uint8Array | Uint8ClampedArray,
  widthPx: number,
  heightPx: number,
  options: SurfaceOptions = {},
  generated: Uint8Array | null = null,
  factor = 1,
): SurfaceMaps {
  return runToEnd(surfaceMapsInSlices(pixels, widthPx, heightPx, options, generated, factor));
}

/** `surfaceMaps` in slices of about a millisecond for a picture of 512 × 512, for a thread that has other work. */
export function* surfaceMapsInSlices(
  pixels: Uint8Array | Uint8ClampedArray,
  widthPx: number,
  heightPx: number,
  options: SurfaceOptions = {},
  generated: Uint8Array | null = null,
  factor = 1,
): Generator<void, SurfaceMaps> {
  const { green = NORMAL_DEFAULTS.green } = options;
  const settings = enlargedSettings(surfaceSettings(options, generated !== null), factor);
  const given = (channel: number) => generated && planeOf('surfaceMaps', generated, widthPx, heightPx, channel);
  const height = given(0) ?? (yield* heightInSlices(pixels, widthPx, heightPx, settings));
  const occlusion = yield* ambientOcclusionInSlices(height, widthPx, heightPx, settings);
  const cavity = yield* cavityInSlices(height, widthPx, heightPx, settings);
  const roughness =
    given(1)?.map((value) => Math.max(value, MIN_ROUGHNESS)) ?? roughnessMap(height, widthPx, heightPx, settings);
  const metallic = given(2) ?? metallicMap(pixels, widthPx, heightPx, settings);
  const grey = function* (plane: Plane) {
    yield;
    return greyMap(plane, widthPx, heightPx);
  };
  const maps = {
    height: yield* grey(height),
    normal: yield* normalMapInSlices(height, widthPx, heightPx, { depthPx: settings.depthPx, green }),
    ambientOcclusion: yield* grey(occlusion),
    cavity: yield* grey(cavity),
    roughness: yield* grey(roughness),
    metallic: yield* grey(metallic),
  };
  yield;
  return { ...maps, orm: packed(maps.ambientOcclusion, maps.roughness, maps.metallic) };
}

/** Packs three grey maps into the channels of one. */
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
 * @param isGenerated see `materialSettings`
 * @throws            RangeError when one is out of range
 */
export function surfaceSettings(
  { label, green = NORMAL_DEFAULTS.green, ...own }: SurfaceOptions,
  isGenerated = false,
): MaterialSettings {
  const settings: MaterialSettings = { ...materialSettings(label, isGenerated), ...definedOf(own) };
  checkHeightOptions(settings);
  checkOcclusionOptions(settings);
  checkCavityOptions(settings);
  checkRoughnessOptions(settings);
  checkMetallicOptions(settings);
  checkNormalOptions({ depthPx: settings.depthPx, green });
  return settings;
}
