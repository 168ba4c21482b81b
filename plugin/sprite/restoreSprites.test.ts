import '@babylonjs/core/Loading/Plugins/babylonFileLoader.js';
import { AppendSceneAsync, LoadAssetContainerAsync } from '@babylonjs/core/Loading/sceneLoader.js';
import { SceneSerializer } from '@babylonjs/core/Misc/sceneSerializer.js';
import { SpriteManager } from '@babylonjs/core/Sprites/spriteManager.js';
import { Scene } from '@babylonjs/core/scene.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createScene, loadTinyWalks, uploadedTo } from '../testing/tinyScene.ts';
import { type GeneratedSheet, RegisterGeneratedSheet } from './generatedSheet.ts';
import { GeneratedSprites } from './generatedSprites.ts';
import { restoreSpritesAsync } from './restoreSprites.ts';

let scene: Scene;
let sprites: GeneratedSprites;

beforeEach(async () => {
  scene = createScene();
  const walks = await loadTinyWalks(scene);
  sprites = await walks.generateSpritesAsync({ labels: ['elf', 'orc'], count: 3, seed: 3, worldHeight: 1.5 });
});

afterEach(() => scene.getEngine().dispose());

/** The manager of the scene as a file brings it back to another scene, where the model is loaded or is not. */
async function reloaded({ hasModel = true } = {}): Promise<SpriteManager> {
  const file = JSON.stringify(SceneSerializer.Serialize(scene));
  RegisterGeneratedSheet();
  const other = new Scene(scene.getEngine());
  if (hasModel) await loadTinyWalks(other);
  await AppendSceneAsync(`data:${file}`, other);
  return other.spriteManagers![0] as SpriteManager;
}

it('brings back sprites that walk, where they were and as they were', async () => {
  sprites.fogEnabled = false;
  sprites.metadata = { inn: 'north' };
  const [orc, elf] = [sprites.createSprite('orc', 'Urg'), sprites.createSprite('elf', 'Lia')];
  orc.play('walk', 'left', { speed: 2 });
  elf.position.x = 2;
  elf.color.g = 0.5;
  const manager = await reloaded();
  const restored = await restoreSpritesAsync(manager);
  expect(restored.scene.spriteManagers).toHaveLength(1);
  expect(restored.scene.spriteManagers![0]).toBe(restored);
  expect(restored).toMatchObject({ fogEnabled: false, metadata: { inn: 'north' }, capacity: sprites.capacity });
  expect([restored.cellWidth, restored.cellHeight]).toEqual([sprites.cellWidth, sprites.cellHeight]);
  expect(restored.sprites.map((sprite) => sprite.serialize())).toEqual([orc.serialize(), elf.serialize()]);
  const [urg, lia] = restored.sprites;
  urg!._animate(70);
  expect([urg!.cell, urg!.cellIndex]).toEqual([orc.cell, orc.cellIndex + 1]);
  expect(urg!.play('walk').fromIndex).toBe(orc.fromIndex); // in the direction that it had
  expect(lia!.play('walk', 'left').animationStarted).toBe(true);
  expect(restored.createSprite('elf')).toMatchObject({ height: 1.5, width: 1 });
});

it('keeps its scene waiting until its cells are painted', async () => {
  sprites.createSprite('orc');
  const { scene: other, texture } = await reloaded();
  expect(texture.isReady()).toBe(false);
  await other.whenReadyAsync();
  expect(texture.isReady()).toBe(true);
});

it('keeps no scene waiting that it cannot be painted for, or that it is disposed in', async () => {
  sprites.createSprite('orc');
  await (await reloaded({ hasModel: false })).scene.whenReadyAsync();
  const { scene: other, texture } = await reloaded();
  expect(other.isLoading).toBe(true);
  texture.dispose();
  expect(other.isLoading).toBe(false);
});

it('makes further sprites as high as before, whatever became of the first', async () => {
  sprites.createSprite('orc').height = 4.5;
  expect((await restoreSpritesAsync(await reloaded())).createSprite('elf')).toMatchObject({ height: 1.5, width: 1 });
});

it('goes on with the next cell of a label', async () => {
  expect(sprites.createSprite('elf').cell).toBe(0);
  const restored = await restoreSpritesAsync(await reloaded());
  expect([restored.createSprite('elf').cell, restored.createSprite('elf').cell]).toEqual([2, 0]);
});

it('repaints and packs them as before', async () => {
  sprites.createSprite('orc');
  const restored = await restoreSpritesAsync(await reloaded());
  expect(restored.cells).toEqual(sprites.cells);
  for (const one of [restored, sprites]) await one.repaintCellAsync(1, { seed: 99 });
  expect(uploadedTo(restored.texture)).toEqual(uploadedTo(sprites.texture));
  expect(await restored.packAsync()).toEqual(await sprites.packAsync());
  expect(await restoreSpritesAsync(restored)).toBe(restored);
});

it('gives the same sprites to all who restore a manager, at once or later', async () => {
  sprites.createSprite('orc');
  const manager = await reloaded();
  const [one, other] = await Promise.all([restoreSpritesAsync(manager), restoreSpritesAsync(manager)]);
  expect(other).toBe(one);
  expect(await restoreSpritesAsync(manager)).toBe(one);
  expect(one.sprites).toHaveLength(1);
});

it('is not repainted before it is loaded, nor where it could not be', async () => {
  const { texture } = await reloaded({ hasModel: false });
  const sheet = texture as unknown as GeneratedSheet;
  const repaint = () => sheet.repaintCellAsync(0, { seed: 9 });
  await expect(repaint()).rejects.toThrow(/is not loaded yet; wait until it is ready/);
  await expect(sheet.whenPaintedAsync()).rejects.toThrow();
  await expect(repaint()).rejects.toThrow(/could not be loaded \(.*\); load the scene again/);
});

it('stands in the place of a manager of a container, in it and in the scene', async () => {
  sprites.createSprite('orc');
  const file = JSON.stringify(SceneSerializer.Serialize(scene));
  RegisterGeneratedSheet();
  const other = new Scene(scene.getEngine());
  await loadTinyWalks(other);
  const container = await LoadAssetContainerAsync(`data:${file}`, other, { pluginExtension: '.babylon' });
  const restored = await restoreSpritesAsync(container.spriteManagers![0]!);
  expect([other.spriteManagers, container.spriteManagers]).toEqual([[], [restored]]);
  container.addAllToScene();
  expect(other.spriteManagers).toEqual([restored]);
  container.removeAllFromScene();
  const plain = new SpriteManager('plain', '', 1, 8, other);
  restored.dispose();
  expect([other.spriteManagers, container.spriteManagers]).toEqual([[plain], []]);
});

it('stands where the manager stood, so that a loop over all comes to each', async () => {
  sprites.createSprite('orc');
  const first = await reloaded();
  const { scene: other } = first;
  await AppendSceneAsync(`data:${JSON.stringify(SceneSerializer.Serialize(scene))}`, other);
  const second = other.spriteManagers![1]!;
  const restored: GeneratedSprites[] = [];
  for (const manager of other.spriteManagers!) restored.push(await restoreSpritesAsync(manager as SpriteManager));
  expect(restored.map(({ sprites: own }) => own.map(({ name }) => name))).toEqual([['orc'], ['orc']]);
  expect(other.spriteManagers).toEqual(restored);
  expect(restored).not.toContain(first);
  expect(restored).not.toContain(second);
});

it('leaves a manager as it is whose sprites show cells that the sheet lacks', async () => {
  sprites.createSprite('orc');
  const manager = await reloaded();
  const { texture } = manager;
  manager.sprites[0]!.cellIndex = 99_999;
  const numTextures = manager.scene.textures.length;
  await expect(restoreSpritesAsync(manager)).rejects.toThrow(/there is no cell/);
  expect(manager.scene.spriteManagers).toEqual([manager]);
  expect([manager.texture === texture, manager.scene.textures.length]).toEqual([true, numTextures]);
});

it('leaves nothing of the manager, and the sheet to its sprites', async () => {
  const manager = await reloaded();
  const sheet = manager.texture as unknown as GeneratedSheet;
  const other = manager.scene;
  const restored = await restoreSpritesAsync(manager);
  const numTextures = other.textures.length;
  expect(restored.texture).toBe(sheet);
  expect(sheet.isReady()).toBe(true);
  restored.dispose();
  expect([other.textures.length, other.spriteManagers!.length]).toEqual([numTextures - 1, 0]);
});

it('refuses sprites of another sheet, and leaves those alone that are given up or whose model is missing', async () => {
  const plain = new SpriteManager('trees', '', 1, 16, scene);
  await expect(restoreSpritesAsync(plain)).rejects.toThrow(
    /trees show no generated sheet; call RegisterGeneratedSheet/,
  );
  plain.dispose();
  await expect(restoreSpritesAsync(plain)).rejects.toThrow('the sprite manager is disposed; give one of scene');
  const given = restoreSpritesAsync(plain, { signal: AbortSignal.abort() }); // as by a component that leaves and disposes all
  await expect(given).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  await expect(restoreSpritesAsync(scene.spriteManagers![7]!)).rejects.toThrow('the sprite manager is undefined; give');
  sprites.createSprite('elf');
  const manager = await reloaded();
  await expect(restoreSpritesAsync(manager, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  expect(manager.sprites).toHaveLength(1);
  expect(await restoreSpritesAsync(manager)).toBeInstanceOf(GeneratedSprites);
  const missing = await reloaded({ hasModel: false });
  await expect(restoreSpritesAsync(missing)).rejects.toThrow(/there is no such file|request failed|Failed/);
  expect(missing.sprites).toHaveLength(1);
  expect(missing.scene.spriteManagers![0]).toBe(missing);
});
