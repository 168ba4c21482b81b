import { definedOf } from '../core/definedOf.ts';
import { runToEnd } from '../core/slices.ts';
import {
  ambientOcclusionInSlices,
  checkOcclusionOptions,
  OCCLUSION_DEFAULTS,
  type OcclusionOptions,
} from './ambientOcclusion.ts';
import { CAVITY_DEFAULTS, type CavityOptions, cavityInSlices, checkCavityOptions } from './cavity.ts';
import { checkHeightOptions, HEIGHT_DEFAULTS, type HeightOptions, heightInSlices } from './height.ts';
import {
  checkMetallicOptions,
  checkRoughnessOptions,
  METALLIC_DEFAULTS,
  type MetallicOptions,
  MIN_ROUGHNESS,
  metallicMap,
  ROUGHNESS_DEFAULTS,
  type RoughnessOptions,
  roughnessMap,
} from './metallicRoughness.ts';
import { checkNormalOptions, NORMAL_DEFAULTS, type NormalGreen, normalMapInSlices } from './normals.ts';
import { greyMap, type Plane, planeOf, type SurfaceMap } from './plane.ts';

/** All that turns a picture of a material into its maps. Lengths are in texels, for tiles of 64 or 128. */
export interface MaterialSettings
  extends HeightOptions,
    OcclusionOptions,
    CavityOptions,
    RoughnessOptions,
    MetallicOptions {}

/** The settings of a material that is not in the table: rough, without metal, and deep where it is dark. */
export const GENERIC_MATERIAL: Readonly<MaterialSettings> = {
  ...HEIGHT_DEFAULTS,
  ...OCCLUSION_DEFAULTS,
  ...CAVITY_DEFAULTS,
  ...ROUGHNESS_DEFAULTS,
  ...METALLIC_DEFAULTS,
};

/** Bricks, tiles and slabs: flat faces, and gaps that may be bright or dark. */
const LAID: Partial<MaterialSettings> = { lowParts: 'rare', plateau: 1.5, grain: 0.3, depthPx: 4 };

/**
 * What differs from the generic material, by label of the textures data set. Roughness and metal are from the ranges that
 * artists use for such surfaces (Substance 3D, "The PBR Guide", part 2); the other numbers were chosen by looking.
 */
const BY_LABEL: Readonly<Record<string, Partial<MaterialSettings>>> = {
  brick: { ...LAID, roughness: 0.88, wear: 0.15 },
  concrete_plaster: { depthPx: 2, roughness: 0.9, wear: 0.15, grain: 0.8 },
  dirt_ground: { depthPx: 5, reliefPx: 8, roughness: 0.95, wear: 0.15, grain: 0.7 },
  fabric: { depthPx: 2, reliefPx: 3, roughness: 0.92, wear: 0.1, grain: 0.8, plateau: 0 },
  grass_foliage: { depthPx: 6, reliefPx: 8, roughness: 0.75, wear: 0.3, plateau: 0 },
  gravel: { depthPx: 6, reliefPx: 5, roughness: 0.9, wear: 0.2 },
  leather_fur: { depthPx: 2, reliefPx: 3, roughness: 0.65, wear: 0.4, grain: 0.8 },
  marble: { depthPx: 0.3, roughness: 0.2, wear: 0.1, grain: 0.2 },
  metal: { depthPx: 1.5, roughness: 0.38, wear: 0.4, metallic: 1, rust: 0.9, grain: 0.4, plateau: 0 },
  paving: { ...LAID, depthPx: 5, reliefPx: 8, roughness: 0.85, wear: 0.25 },
  roof: { depthPx: 6, reliefPx: 8, roughness: 0.8, wear: 0.3, grain: 0.3, plateau: 1 },
  stone: { depthPx: 5, reliefPx: 8, roughness: 0.85, wear: 0.25 },
  tile: { ...LAID, depthPx: 2.5, roughness: 0.3, wear: 0.6, grain: 0.1, plateau: 2.5 },
  water_liquid: { depthPx: 3, reliefPx: 10, roughness: 0.08, wear: 0.05, grain: 0.15, plateau: 0 },
  weave: { depthPx: 5, reliefPx: 6, roughness: 0.8, wear: 0.3, grain: 0.3, plateau: 1 },
  wood: { depthPx: 2, reliefPx: 6, roughness: 0.65, wear: 0.4, grain: 0.6, plateau: 1 },
};

/** The labels that have settings of their own. */
export const MATERIAL_LABELS: readonly string[] = Object.keys(BY_LABEL);

/**
 * How many texels high a generated height of 1 is, by label of the materials data set: the mean of its column `bump`, by which
 * its normals were made.
 */
const GENERATED_DEPTH_PX: Readonly<Record<string, number>> = {
  bark: 12.5,
  brick: 7,
  cobble: 12,
  fabric: 3.2,
  grass: 6.5,
  ground: 8,
  leather: 5,
  marble: 0.6,
  metal_plate: 4.7,
  mosaic: 4,
  planks: 5,
  plaster: 4.1,
  rock: 7.2,
  roof: 6.9,
  rust: 2.5,
  sand: 6,
  snow: 4.4,
  stone_wall: 8.7,
  tiles: 2.8,
};

/**
 * The settings of a material, for a person to change: the generic ones where the label is unknown or absent.
 *
 *   surfaceMaps(pixels, 64, 64, { ...materialSettings('brick'), depthPx: 8 });
 *
 * @param isGenerated whether its maps are generated with the picture, whose height is another than one that is guessed
 */
export function materialSettings(label?: string, isGenerated = false): MaterialSettings {
  const of = <Value>(table: Readonly<Record<string, Value>>) =>
    label !== undefined && Object.hasOwn(table, label) ? table[label] : undefined;
  const depthPx = isGenerated ? of(GENERATED_DEPTH_PX) : undefined;
  return { ...GENERIC_MATERIAL, ...of(BY_LABEL), ...(depthPx !== undefined && { depthPx }) };
}

/** The same surface in a picture enlarged by a factor: all lengths grow with it. */
export function enlargedSettings(settings: MaterialSettings, factor: number): MaterialSettings {
  const enlarged = { ...settings };
  for (const name of ['depthPx', 'reliefPx', 'grainPx', 'radiusPx', 'edgePx'] as const) enlarged[name] *= factor;
  return enlarged;
}

/** The material by its label, and any of its settings that should differ. */
export interface SurfaceOptions extends Partial<MaterialSettings> {
  /** One of `MATERIAL_LABELS`; any other label, or none, has the generic settings. */
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
