import { packageVersion } from '../node/packageRoot.ts';
import { ALPHA_CUT_OFF, type LibraryMaterial } from './bakePlan.ts';

// Numbers of Babylon's Texture and Material.
const NEAREST_WITH_MIPMAPS = 8;
const TRILINEAR = 3;
const REPEAT = 1;
const ALPHA_TEST = 1;

/**
 * The content of a .babylon file with a PBRMaterial for each material, as Babylon's loader reads it:
 *
 *   const { materials } = await LoadAssetContainerAsync('art/materials.babylon', scene);
 */
export function babylonLibrary(materials: readonly LibraryMaterial[]): object {
  const producer = { name: 'babylon-figment', version: packageVersion() };
  return { producer, materials: materials.map(pbrMaterial) };
}

function pbrMaterial(material: LibraryMaterial): object {
  const { name, maps, hasAlpha, green, metallic, roughness, parallax, recipe } = material;
  const texture = (address: string | undefined) => address && parsedTexture(address, material.pixelArt);
  const albedo = texture(maps.albedo);
  return {
    customType: 'BABYLON.PBRMaterial',
    id: name,
    name,
    metadata: { figment: recipe },
    tags: null,
    albedo: [1, 1, 1],
    ...(albedo && { albedoTexture: { ...albedo, hasAlpha } }),
    ...(maps.normal && { bumpTexture: texture(maps.normal), ...normalSides(green) }),
    ...(parallax && { useParallax: true, useParallaxOcclusion: parallax === 'occlusion' }),
    ...surface(material, texture),
    metallic: maps.orm ? 1 : metallic,
    roughness: maps.orm ? 1 : roughness,
    ...(hasAlpha && {
      useAlphaFromAlbedoTexture: true,
      transparencyMode: ALPHA_TEST,
      alphaCutOff: ALPHA_CUT_OFF,
      backFaceCulling: false,
    }),
  };
}

/** The packed map where there is one; else the occlusion alone can be a texture of its own. */
function surface(
  { maps }: LibraryMaterial,
  texture: (address: string | undefined) => object | string | undefined,
): object {
  if (maps.orm) {
    return {
      metallicTexture: texture(maps.orm),
      useRoughnessFromMetallicTextureAlpha: false,
      useRoughnessFromMetallicTextureGreen: true,
      useMetallnessFromMetallicTextureBlue: true,
      useAmbientOcclusionFromMetallicTextureRed: true,
    };
  }
  return maps.ambientOcclusion ? { ambientTexture: texture(maps.ambientOcclusion), useAmbientInGrayScale: true } : {};
}

/** For left-handed scenes, as Babylon's are unless told otherwise. */
function normalSides(green: LibraryMaterial['green']): object {
  return { invertNormalMapX: true, invertNormalMapY: green === 'opengl' };
}

function parsedTexture(address: string, pixelArt: boolean): object {
  return {
    name: address,
    level: 1,
    coordinatesIndex: 0,
    coordinatesMode: 0,
    uOffset: 0,
    vOffset: 0,
    uScale: 1,
    vScale: 1,
    uAng: 0,
    vAng: 0,
    wAng: 0,
    wrapU: REPEAT,
    wrapV: REPEAT,
    invertY: true,
    samplingMode: pixelArt ? NEAREST_WITH_MIPMAPS : TRILINEAR,
  };
}
