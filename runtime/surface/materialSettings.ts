// What a material is like, by its label: how deep, rough and metallic its surface is.
import { OCCLUSION_DEFAULTS, type OcclusionOptions } from './ambientOcclusion.ts';
import { CAVITY_DEFAULTS, type CavityOptions } from './cavity.ts';
import { HEIGHT_DEFAULTS, type HeightOptions } from './height.ts';
import {
  METALLIC_DEFAULTS,
  type MetallicOptions,
  ROUGHNESS_DEFAULTS,
  type RoughnessOptions,
} from './metallicRoughness.ts';

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
 * What differs from the generic material, by labels that models of materials may have. Roughness and metal are from the ranges that
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
