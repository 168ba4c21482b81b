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
  for (const entity of [null, surface, surface.albedoTexture, scene]) expect(replaceableTextures(entity)).toEqual([]);
});
