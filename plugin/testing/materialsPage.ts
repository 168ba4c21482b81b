// All materials of a model as spheres before a wall, under a lamp that moves; beside them the same pictures with guessed maps.
import { FreeCamera } from '@babylonjs/core/Cameras/freeCamera.js';
import { Constants } from '@babylonjs/core/Engines/constants.js';
import { Engine } from '@babylonjs/core/Engines/engine.js';
import { PointLight } from '@babylonjs/core/Lights/pointLight.js';
import type { Material } from '@babylonjs/core/Materials/material.js';
import { PBRMaterial } from '@babylonjs/core/Materials/PBR/pbrMaterial.js';
import { RawCubeTexture } from '@babylonjs/core/Materials/Textures/rawCubeTexture.js';
import { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import { Color4 } from '@babylonjs/core/Maths/math.color.js';
import { Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import { CreatePlane } from '@babylonjs/core/Meshes/Builders/planeBuilder.js';
import { CreateSphere } from '@babylonjs/core/Meshes/Builders/sphereBuilder.js';
import { Scene } from '@babylonjs/core/scene.js';
import { type SurfaceMaps, surfaceMaps } from '../../runtime/index.ts';
import { AssetGenerator, type SurfaceMaterial } from '../index.ts';

const COLUMNS = 5;
const WALL = 'brick';
const WALL_TILES = 3;
/** From the middle of one half to the other's. */
const APART = 5.9;

let scene: Scene;
let lamps: PointLight[];

/** Paints each label's material once, and lays it on a sphere of either half. @param seeds by label; 1 for the others */
export async function openMaterials(folder: string, seeds: Readonly<Record<string, number>>): Promise<void> {
  const canvas = document.querySelector('canvas')!;
  canvas.style.cssText = 'width: 100vw; height: 100vh';
  scene = new Scene(new Engine(canvas, true));
  scene.clearColor = new Color4(0.015, 0.015, 0.02, 1);
  scene.environmentTexture = roomAround();
  scene.environmentIntensity = 0.5;
  scene.imageProcessingConfiguration.toneMappingEnabled = true;
  const camera = new FreeCamera('camera', new Vector3(0, 0.3, -14), scene);
  camera.fov = 0.46;
  lamps = [-1, 1].map((side) => lampOf(side));
  const generator = await AssetGenerator.LoadAsync(folder, scene, { storeBytes: 0 });
  for (const [place, label] of [...generator.labels, WALL].entries()) {
    const recipe = { label, seed: seeds[label] ?? 1 };
    const isWall = place === generator.labels.length;
    const tiling = isWall ? WALL_TILES : 2;
    const material = (await generator.generateMaterialAsync({ ...recipe, tiling })) as SurfaceMaterial;
    show(material, -APART / 2, isWall ? null : place);
    const guessed = surfaceMaps(await generator.generatePixelsAsync(recipe), ...generator.sizePx, { label });
    show(withMaps(label, material, guessed), APART / 2, isWall ? null : place);
  }
}

function lampOf(side: number): PointLight {
  const lamp = new PointLight(`lamp ${side}`, new Vector3(), scene);
  lamp.intensity = 60;
  lamp.includedOnlyMeshes = [];
  return lamp;
}

/** A dim room with two bright windows, for what is of metal to reflect. */
function roomAround(): RawCubeTexture {
  const size = 64;
  const faces = Array.from({ length: 6 }, (_, face) => {
    const pixels = new Uint8Array(4 * size * size).fill(255);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const isWindow = face < 2 && Math.abs(x - size / 2) < size / 5 && Math.abs(y - size / 3) < size / 5;
        const grey = face === 2 ? 110 : face === 3 ? 25 : 90 - (50 * y) / size;
        pixels.set(isWindow ? [255, 245, 225] : [grey, grey * 0.97, grey * 0.95], 4 * (y * size + x));
      }
    }
    return pixels;
  });
  return new RawCubeTexture(
    scene,
    faces,
    size,
    Constants.TEXTUREFORMAT_RGBA,
    Constants.TEXTURETYPE_UNSIGNED_BYTE,
    true,
    false,
    Constants.TEXTURE_TRILINEAR_SAMPLINGMODE,
  );
}

/** A sphere at its place in the rows, or the wall behind them. */
function show(material: Material, x: number, place: number | null): void {
  const mesh =
    place === null
      ? CreatePlane('wall', { width: 5.7, height: 5.7 }, scene)
      : CreateSphere('sphere', { diameter: 0.94, segments: 48 }, scene);
  mesh.position.set(x, 0.3, 0.9);
  if (place !== null) {
    mesh.position.set(x + 1.03 * ((place % COLUMNS) - (COLUMNS - 1) / 2), 2.25 - 1.3 * Math.floor(place / COLUMNS), 0);
  }
  mesh.material = material;
  lamps[x < 0 ? 0 : 1]!.includedOnlyMeshes.push(mesh);
}

/** The same picture, with maps that were guessed from it. */
function withMaps(label: string, { albedoTexture, ...original }: SurfaceMaterial, maps: SurfaceMaps): PBRMaterial {
  const material = new PBRMaterial(`${label}, guessed`, scene);
  const { width, height } = maps.normal;
  const textureOf = (pixels: Uint8Array) => {
    const texture = RawTexture.CreateRGBTexture(pixels, width, height, scene, true, true);
    texture.wrapU = texture.wrapV = Texture.WRAP_ADDRESSMODE;
    [texture.uScale, texture.vScale] = [original.albedo.uScale, original.albedo.vScale];
    return texture;
  };
  material.albedoTexture = albedoTexture;
  material.bumpTexture = textureOf(maps.normal.pixels);
  material.metallicTexture = textureOf(maps.orm.pixels);
  material.metallic = material.roughness = 1;
  material.useRoughnessFromMetallicTextureAlpha = false;
  material.useRoughnessFromMetallicTextureGreen = true;
  material.useMetallnessFromMetallicTextureBlue = true;
  material.useAmbientOcclusionFromMetallicTextureRed = true;
  material.invertNormalMapX = material.invertNormalMapY = !scene.useRightHandedSystem;
  return material;
}

/** Draws with the lamps at a part of their way round. @param share 0 to 1 */
export async function drawAt(share: number): Promise<void> {
  const angle = 2 * Math.PI * share;
  for (const [i, lamp] of lamps.entries()) {
    const x = (i - 0.5) * APART;
    lamp.position.set(x + 3.4 * Math.cos(angle), 0.3 + 2.6 * Math.sin(angle), -2.2);
  }
  await scene.whenReadyAsync();
  scene.render();
}
