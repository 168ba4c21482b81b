import { StandardMaterial } from '@babylonjs/core/Materials/standardMaterial.js';
import { CreatePlane } from '@babylonjs/core/Meshes/Builders/planeBuilder.js';
import { Sprite } from '@babylonjs/core/Sprites/sprite.js';
import { SpriteManager } from '@babylonjs/core/Sprites/spriteManager.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createScene, loadTiny, loadTinyTextures, loadTinyWalks } from '../testing/tinyScene.ts';
import { isSamePicture, paintableOf } from './paintable.ts';

const RECIPE = { label: 'elf', seed: 7, numInferenceSteps: 2 };

let scene: Scene;
beforeEach(() => {
  scene = createScene();
});
afterEach(() => {
  scene.getEngine().dispose();
});

it('is the texture of what is selected, a material or a mesh included', async () => {
  const tiny = await loadTiny(scene);
  const texture = await tiny.generateTextureAsync({ ...RECIPE, guidanceScale: 3 });
  const material = new StandardMaterial('material', scene);
  const mesh = CreatePlane('mesh', {}, scene);
  for (const nothing of [null, scene, mesh, material]) expect(paintableOf(nothing)).toBeNull();
  [material.emissiveTexture, mesh.material] = [texture, material];
  for (const entity of [texture, material, mesh]) expect(paintableOf(entity)).toMatchObject({ name: 'elf-7' });
  const paintable = paintableOf(mesh)!;
  expect(paintable.info!.labels).toEqual(tiny.labels);
  await paintable.paintAsync({ ...RECIPE, label: 'orc' });
  expect(texture.recipe!.guidanceScale).toBe(tiny.info.sampleDefaults.guidanceScale);
  expect(paintable.savedRecipe).toEqual({ ...RECIPE, label: 'orc' });
  const pixels = await tiny.generatePixelsAsync({ ...RECIPE, label: 'orc' });
  expect(await paintable.readPictureAsync()).toMatchObject({ pixels, widthPx: 16, heightPx: 16 });
});

it('is the own picture of a material, not one of its variations', async () => {
  const tiny = await loadTinyTextures(scene);
  const material = await tiny.generateMaterialAsync({ label: 'brick', seed: 7, variations: 2 });
  const isAmong = material.getActiveTextures().filter((texture) => texture.name.startsWith('brick-7'));
  expect(isAmong.length).toBeGreaterThan(1);
  expect(paintableOf(material)).toMatchObject({ name: 'brick-7', recipe: { seed: 7 } });
});

it('is the cell that a sprite shows, whatever frame of it', async () => {
  const walks = await loadTinyWalks(scene);
  const sprites = await walks.generateSpritesAsync({ recipes: [RECIPE, { ...RECIPE, label: 'orc' }] });
  const orc = sprites.createSprite('orc').play('walk', 'left');
  const paintable = paintableOf(orc)!;
  expect(paintable).toMatchObject({ name: 'cell 1 of tiny', recipe: { label: 'orc' } });
  await paintable.paintAsync({ ...RECIPE, label: 'goblin' });
  expect(sprites.cells).toMatchObject([{ label: 'elf' }, { label: 'goblin' }]);
  expect(paintable.savedRecipe).toEqual({ ...RECIPE, label: 'goblin' });
  const other = sprites.createSprite('goblin');
  other.cellIndex = orc.cellIndex;
  expect(isSamePicture(paintableOf(other), paintable)).toBe(true);
  orc.cellIndex = 0;
  expect(isSamePicture(paintableOf(orc), paintable)).toBe(false);
  const { pixels, widthPx, heightPx } = await paintable.readPictureAsync();
  expect([widthPx, heightPx]).toEqual(walks.sizePx);
  expect(pixels).toEqual(await walks.generatePixelsAsync({ ...RECIPE, label: 'goblin' }));
  const plain = new SpriteManager('plain', '', 1, 16, scene);
  expect(paintableOf(new Sprite('plain', plain))).toBeNull();
});
