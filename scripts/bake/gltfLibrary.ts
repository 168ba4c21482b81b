import type { Document, Material, Texture } from '@gltf-transform/core';
import { ALPHA_CUT_OFF, type LibraryMaterial } from './bakePlan.ts';

/** Room between swatches, of their side. */
const PITCH = 1.1;
const BUFFER_FILE = 'swatch.bin';
/** Maps stay files of their own. */
const NOT_EMBEDDED = new Uint8Array(0);

/**
 * The content of a .gltf file: the materials, and a square of side 1 m with each, side by side, since many programs drop
 * materials that nothing wears. The maps are files beside it; the squares' few bytes are part of it.
 */
export async function gltfLibrary(materials: readonly LibraryMaterial[]): Promise<object> {
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
  const { name, maps, hasAlpha, pixelArt, metallic, roughness, recipe } = entry;
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
    info?.setMagFilter(pixelArt ? NEAREST : LINEAR).setMinFilter(pixelArt ? NEAREST_WITH_MIPMAPS : TRILINEAR);
  }
  return material;
}

// Numbers of WebGL, which glTF uses.
const NEAREST = 9728;
const LINEAR = 9729;
const NEAREST_WITH_MIPMAPS = 9986;
const TRILINEAR = 9987;

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
