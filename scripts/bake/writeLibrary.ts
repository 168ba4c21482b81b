import { posix } from 'node:path';
import type { Document, Material, Texture } from '@gltf-transform/core';
import { packageVersion } from '../node/packageRoot.ts';
import { ALPHA_CUT_OFF, type Library, type LibraryMaterial } from './bakePlan.ts';

/** The bytes of a library file; its addresses of maps are relative to the file. */
export async function writeLibrary({ kind, path, materials }: Library): Promise<Uint8Array> {
  const folder = posix.dirname(path);
  const address = kind === 'babylon' ? addressFrom : gltfAddressFrom;
  const addressed = materials.map(({ maps, ...material }) => ({
    ...material,
    maps: addressesOf(maps, (map) => address(folder, map)),
  }));
  const content = kind === 'babylon' ? babylonLibrary(addressed) : await gltfLibrary(addressed);
  return new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`);
}

function addressesOf(maps: LibraryMaterial['maps'], addressOf: (path: string) => string): LibraryMaterial['maps'] {
  return Object.fromEntries(Object.entries(maps).map(([name, path]) => [name, addressOf(path)]));
}

/** A relative address; file names may contain characters that have to be escaped in addresses. */
function addressFrom(folder: string, path: string): string {
  return posix.relative(folder, path).split('/').map(encodeURIComponent).join('/');
}

/** The same without two dots in a row, at which Babylon's loader of glTF fails; escaped they mean the same to all who resolve addresses. */
function gltfAddressFrom(folder: string, path: string): string {
  return addressFrom(folder, path).replaceAll('..', '%2E%2E');
}

// Babylon's files name sampling modes, address modes and transparency modes by number.
const BABYLON_NEAREST = 8;
const BABYLON_TRILINEAR = 3;
const CLAMP = 0;
const REPEAT = 1;
const ALPHA_TEST = 1;

/**
 * The content of a .babylon file with a PBRMaterial for each material, as Babylon's loader reads it:
 *
 *   const { materials } = await LoadAssetContainerAsync('art/materials.babylon', scene);
 */
function babylonLibrary(materials: readonly LibraryMaterial[]): object {
  const producer = { name: 'babylon-figment', version: packageVersion() };
  return { producer, materials: materials.map(pbrMaterial) };
}

function pbrMaterial(material: LibraryMaterial): object {
  const { name, maps, hasAlpha, green, metallic, roughness, parallax, parallaxScaleBias, recipe } = material;
  const texture = (address: string | undefined) => address && parsedTexture(address, material);
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
    ...(parallax && { useParallax: true, useParallaxOcclusion: parallax === 'occlusion', parallaxScaleBias }),
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

/** The packed map where there is one; otherwise only the occlusion can be a texture of its own. */
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

/** For left-handed scenes, which are Babylon's default. */
function normalSides(green: LibraryMaterial['green']): object {
  return { invertNormalMapX: true, invertNormalMapY: green === 'opengl' };
}

function parsedTexture(address: string, { pixelArt, tiles }: LibraryMaterial): object {
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
    wrapU: tiles ? REPEAT : CLAMP,
    wrapV: tiles ? REPEAT : CLAMP,
    invertY: true,
    samplingMode: pixelArt ? BABYLON_NEAREST : BABYLON_TRILINEAR,
  };
}

/** Distance between the centres of neighbouring swatches, in sides of a swatch. */
const PITCH = 1.1;
const BUFFER_FILE = 'swatch.bin';
/** In place of a map's bytes: the maps stay files of their own. */
const NOT_EMBEDDED = new Uint8Array(0);

/**
 * The content of a .gltf file: the materials, and squares of side 1 m that wear them, side by side, since many programs drop
 * materials that nothing wears. The maps are files beside it; the few bytes of the squares are part of it.
 */
async function gltfLibrary(materials: readonly LibraryMaterial[]): Promise<object> {
  const { Document, NodeIO } = await import('@gltf-transform/core');
  const document = new Document();
  document.getRoot().getAsset().generator = 'babylon-figment';
  const swatch = squareOf(document);
  const scene = document.createScene('materials');
  const columns = Math.ceil(Math.sqrt(materials.length));
  for (const [i, { name, ...entry }] of materials.entries()) {
    const mesh = document.createMesh(name).addPrimitive(swatch(addMaterial(document, { name, ...entry })));
    const x = PITCH * (i % columns);
    const y = -PITCH * Math.floor(i / columns);
    scene.addChild(document.createNode(name).setMesh(mesh).setTranslation([x, y, 0]));
  }
  const { json, resources } = await new NodeIO().writeJSON(document);
  const bytes = resources[BUFFER_FILE]!;
  json.buffers![0]!.uri = `data:application/octet-stream;base64,${Buffer.from(bytes).toString('base64')}`;
  return json;
}

function addMaterial(document: Document, entry: LibraryMaterial): Material {
  const { name, maps, hasAlpha, pixelArt, tiles, metallic, roughness, recipe } = entry;
  const material = document.createMaterial(name).setExtras({ figment: recipe });
  const texture = (address: string) =>
    document.createTexture(address).setURI(address).setMimeType('image/png').setImage(NOT_EMBEDDED);
  if (maps.albedo) material.setBaseColorTexture(texture(maps.albedo));
  if (maps.normal) material.setNormalTexture(texture(maps.normal));
  material.setMetallicFactor(maps.orm ? 1 : metallic).setRoughnessFactor(maps.orm ? 1 : roughness);
  const packed: Texture | undefined = maps.orm ? texture(maps.orm) : undefined;
  if (packed) material.setMetallicRoughnessTexture(packed).setOcclusionTexture(packed);
  else if (maps.ambientOcclusion) material.setOcclusionTexture(texture(maps.ambientOcclusion));
  if (hasAlpha) material.setAlphaMode('MASK').setAlphaCutoff(ALPHA_CUT_OFF).setDoubleSided(true);
  const infos = [
    material.getBaseColorTextureInfo(),
    material.getNormalTextureInfo(),
    material.getMetallicRoughnessTextureInfo(),
    material.getOcclusionTextureInfo(),
  ];
  for (const info of infos) {
    info
      ?.setWrapS(tiles ? GL_REPEAT : GL_CLAMP_TO_EDGE)
      .setWrapT(tiles ? GL_REPEAT : GL_CLAMP_TO_EDGE)
      .setMagFilter(pixelArt ? GL_NEAREST : GL_LINEAR)
      .setMinFilter(pixelArt ? GL_NEAREST_MIPMAP_LINEAR : GL_LINEAR_MIPMAP_LINEAR);
  }
  return material;
}

// glTF names wrapping and texture filters by the numbers that WebGL gives them.
const GL_REPEAT = 10497;
const GL_CLAMP_TO_EDGE = 33071;
const GL_NEAREST = 9728;
const GL_LINEAR = 9729;
const GL_NEAREST_MIPMAP_LINEAR = 9986;
const GL_LINEAR_MIPMAP_LINEAR = 9987;

/** Makes primitives that share one square in the plane z = 0. */
function squareOf(document: Document) {
  const buffer = document.createBuffer().setURI(BUFFER_FILE);
  const accessor = (type: 'SCALAR' | 'VEC2' | 'VEC3' | 'VEC4', values: Float32Array | Uint16Array) =>
    document
      .createAccessor()
      .setType(type)
      .setArray(values as Float32Array<ArrayBuffer>)
      .setBuffer(buffer);
  const half = 0.5;
  const position = accessor('VEC3', Float32Array.of(-half, -half, 0, half, -half, 0, half, half, 0, -half, half, 0));
  const normal = accessor('VEC3', Float32Array.of(0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1));
  const tangent = accessor('VEC4', Float32Array.of(1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1));
  const uv = accessor('VEC2', Float32Array.of(0, 1, 1, 1, 1, 0, 0, 0));
  const indices = accessor('SCALAR', Uint16Array.of(0, 1, 2, 0, 2, 3));
  return (material: Material) =>
    document
      .createPrimitive()
      .setIndices(indices)
      .setAttribute('POSITION', position)
      .setAttribute('NORMAL', normal)
      .setAttribute('TANGENT', material.getNormalTexture() && tangent)
      .setAttribute('TEXCOORD_0', uv)
      .setMaterial(material);
}
