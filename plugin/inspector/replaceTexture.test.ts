import { PBRMaterial } from '@babylonjs/core/Materials/PBR/pbrMaterial.js';
import { StandardMaterial } from '@babylonjs/core/Materials/standardMaterial.js';
import { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import { CreatePlane } from '@babylonjs/core/Meshes/Builders/planeBuilder.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadedModels } from '../index.ts';
import { createScene, loadTiny, loadTinyTextures } from '../testing/tinyScene.ts';
import { replaceableTextures, replaceTexture } from './replaceTexture.ts';

let scene: Scene;
beforeEach(() => {
  scene = createScene();
});
afterEach(() => {
  scene.getEngine().dispose();
});

/** Where Babylon's shaders read a texture for coordinates of a mesh. */
function placed(texture: Texture, u: number, v: number): [u: number, v: number] {
  const { m } = texture.getTextureMatrix();
  return [m[0]! * u + m[4]! * v + m[8]!, m[1]! * u + m[5]! * v + m[9]!];
}

const plain = () => RawTexture.CreateRGBATexture(new Uint8Array(4), 1, 1, scene);

it('puts a texture wherever materials show another, placed as that one was, and keeps it in a scene file', async () => {
  await loadTiny(scene);
  const [model] = loadedModels(scene);
  const texture = model!.createTexture('elf');
  await texture.regenerateAsync({ label: 'elf', seed: 7 });
  const [old, other] = [plain(), plain()];
  [old.uScale, old.wrapV, old.level] = [4, Texture.MIRROR_ADDRESSMODE, 0.5];
  const [standard, pbr, untouched] = [
    new StandardMaterial('standard', scene),
    new PBRMaterial('pbr', scene),
    new StandardMaterial('untouched', scene),
  ];
  [standard.diffuseTexture, standard.emissiveTexture, standard.bumpTexture] = [old, old, other];
  [pbr.albedoTexture, pbr.clearCoat.texture, untouched.diffuseTexture] = [old, old, other];
  expect(replaceTexture(old, texture)).toEqual([standard, pbr]);
  for (const shown of [standard.diffuseTexture, standard.emissiveTexture, pbr.albedoTexture, pbr.clearCoat.texture]) {
    expect(shown).toBe(texture);
  }
  expect([standard.bumpTexture, untouched.diffuseTexture]).toEqual([other, other]);
  expect(texture).toMatchObject({ uScale: 4, wrapV: Texture.MIRROR_ADDRESSMODE, level: 0.5 });
  expect(standard.serialize().diffuseTexture).toMatchObject({
    model: model!.address,
    recipe: { label: 'elf', seed: 7 },
  });
  expect(replaceTexture(plain(), texture)).toEqual([]);
});

it.each([
  [true, false],
  [false, false],
  [false, true],
])('shows upright what takes the place of an image with invertY %s, homogeneous %s', async (invertY, homogeneous) => {
  await loadTiny(scene);
  const [model] = loadedModels(scene);
  const texture = model!.createTexture('elf');
  const image = new Texture('image.png', scene, { invertY });
  const [uAng, vAng, wAng] = [0.1, 0.2, 0.3];
  Object.assign(image, { uScale: 3, vScale: 2, uOffset: 0.4, vOffset: 0.1, uAng, vAng, wAng, vRotationCenter: 0 });
  image.homogeneousRotationInUVTransform = homogeneous;
  replaceTexture(image, texture);
  for (const [u, v] of [
    [0, 0],
    [1, 0],
    [0, 1],
    [0.3, 0.8],
  ] as const) {
    const [shownU, shownV] = placed(image, u, v);
    const [newU, newV] = placed(texture, u, v);
    expect(newU).toBeCloseTo(shownU, 6);
    expect(newV).toBeCloseTo(invertY ? shownV : 1 - shownV, 6); // the bottom row of a generated picture is at v = 0
  }
});

it('offers flat textures that no model has made', async () => {
  const textures = await loadTinyTextures(scene);
  const surface = await textures.generateMaterialAsync({ label: 'brick', seed: 1, numInferenceSteps: 1 });
  const material = new StandardMaterial('material', scene);
  const mesh = CreatePlane('mesh', {}, scene);
  mesh.material = material;
  expect(replaceableTextures(mesh)).toEqual([]);
  const texture = plain();
  [material.diffuseTexture, material.emissiveTexture, material.bumpTexture] = [texture, texture, surface.albedoTexture];
  for (const entity of [mesh, material, texture]) expect(replaceableTextures(entity)).toEqual([texture]);
  const maps = [surface.albedoTexture, surface.bumpTexture, surface.metallicTexture, plain()];
  for (const entity of [null, surface, scene, ...maps]) expect(replaceableTextures(entity)).toEqual([]);
});
