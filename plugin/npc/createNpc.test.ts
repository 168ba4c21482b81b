import { Logger } from '@babylonjs/core/Misc/logger.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { AssetGenerator } from '../assetGenerator.ts';
import { createScene, loadTinyWalks } from '../testing/tinyScene.ts';
import { createNpcAsync, type NpcGenerators } from './createNpc.ts';

let scene: Scene;
let generators: NpcGenerators;

beforeEach(async () => {
  scene = createScene();
  const files = await tinyModelFolder({
    labels: ['elf', 'orc'],
    attributes: { hair: ['red', 'grey'], mood: ['glad'] },
  });
  generators = {
    portraits: await AssetGenerator.LoadAsync(files, scene, { compute: 'thread', backend: 'wasm' }),
    sprites: await loadTinyWalks(scene, {
      labels: ['guard', 'mage'],
      attributes: { kind: ['elf', 'orc'], hair: ['red', 'grey'] },
    }),
  };
});

afterEach(() => scene.getEngine().dispose());

it('makes a portrait and a sprite of one sheet, and tells what is passed over', async () => {
  const log = vi.spyOn(Logger, 'Log').mockImplementation(() => {});
  const guard = await createNpcAsync({ role: 'guard', kind: 'orc', mood: 'glad' }, generators, { seed: 5 });
  expect(log.mock.calls.map(([line]) => line)).toEqual([
    'createNpc: tiny knows nothing of role',
    'createNpc: tiny knows nothing of mood',
  ]);
  log.mockRestore();
  const { hair } = guard.asked.portraits.attributes;
  expect(guard.portrait.recipe).toMatchObject({ label: 'orc', seed: 5, attributes: { hair, mood: 'glad' } });
  expect(guard.sprites.cells).toMatchObject([{ label: 'guard', seed: 5, attributes: { kind: 'orc', hair } }]);
  expect(guard.sprite.play('walk', 'left').cell).toBe(0);
  guard.dispose();
  expect([scene.textures.length, scene.spriteManagers!.length]).toEqual([0, 0]);
});

it('leaves nothing behind when one of the two fails', async () => {
  const asked = createNpcAsync({ kind: 'elf' }, generators, { sprites: { worldHeight: 0 } });
  await expect(asked).rejects.toThrow('worldHeight is 0; expected a number above 0');
  expect([scene.textures.length, scene.spriteManagers?.length ?? 0]).toEqual([0, 0]);
});
