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
    attributes: { hair: ['red', 'grey'], mood: ['glad', 'sad'] },
  });
  generators = {
    portraits: await AssetGenerator.LoadAsync(files, scene, { compute: 'thread', backend: 'wasm' }),
    sprites: await loadTinyWalks(scene, {
      labels: ['guard', 'mage'],
      attributes: { kind: ['elf', 'orc', 'troll'], hair: ['red', 'grey'] },
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

it('ends both pictures at once when it is aborted, and leaves nothing behind', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const long = { numInferenceSteps: 500 };
  const asked = createNpcAsync({ kind: 'elf' }, generators, { signal, portrait: long, sprites: long });
  setTimeout(() => controller.abort(), 20);
  await expect(asked).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  const { portraits, sprites } = generators;
  expect([portraits.queueLength, sprites.queueLength]).toEqual([0, 0]);
  expect([scene.textures.length, scene.spriteManagers?.length ?? 0]).toEqual([0, 0]);
});

it('changes both pictures by one call, and each by what its model knows', async () => {
  const sheet = { role: 'guard', kind: 'orc', hair: 'red', mood: 'glad' };
  const guard = await createNpcAsync(sheet, generators, { seed: 5 });
  expect(await guard.varyAsync({ hair: 'grey' })).toBe(guard);
  const sameAs = { hair: 'red' };
  expect(guard.portrait.recipe).toMatchObject({ label: 'orc', attributes: { hair: 'grey', mood: 'glad' }, sameAs });
  expect(guard.sprites.cells).toMatchObject([{ label: 'guard', attributes: { kind: 'orc', hair: 'grey' }, sameAs }]);
  const figure = guard.sprites.cells[0];
  await guard.varyAsync({ mood: 'sad' });
  expect(guard.portrait.recipe?.attributes).toEqual({ hair: 'grey', mood: 'sad' });
  expect(guard.sprites.cells[0]).toBe(figure);
  await guard.varyAsync({ kind: 'elf' });
  expect([guard.portrait.recipe?.label, guard.sprites.cells[0]?.attributes?.kind]).toEqual(['elf', 'elf']);
  expect(guard.asked).toEqual({
    portraits: { label: 'elf', attributes: { hair: 'grey', mood: 'sad' }, ignored: ['role'] },
    sprites: { label: 'guard', attributes: { kind: 'elf', hair: 'grey' }, ignored: ['mood'] },
  });
  await expect(guard.varyAsync({ hair: 'gray' })).rejects.toThrow('hair "gray" is unknown; did you mean "grey"?');
});

it('makes the changes of a superseded call with those of the newer one, in both pictures', async () => {
  const guard = await createNpcAsync({ role: 'guard', hair: 'red', mood: 'glad' }, generators, { seed: 5 });
  const superseded = expect(guard.varyAsync({ hair: 'grey' })).rejects.toThrow(
    expect.objectContaining({ name: 'AbortError' }),
  );
  await guard.varyAsync({ mood: 'sad' }); // of which the sprite knows nothing
  await superseded;
  expect(guard.portrait.recipe?.attributes).toEqual({ hair: 'grey', mood: 'sad' });
  expect(guard.sprites.cells[0]?.attributes).toMatchObject({ hair: 'grey' });
  expect(guard.asked).toMatchObject({
    portraits: { attributes: { hair: 'grey', mood: 'sad' } },
    sprites: { attributes: { hair: 'grey' } },
  });
  await guard.varyAsync({ mood: 'glad' });
  expect(guard.portrait.recipe?.attributes).toEqual({ hair: 'grey', mood: 'glad' });
});

it('makes a change of one picture with those of both, and none of a call that was given up', async () => {
  const guard = await createNpcAsync({ role: 'guard', kind: 'elf', hair: 'red', mood: 'glad' }, generators, {
    seed: 5,
  });
  const alone = guard.portrait.varyAsync({ mood: 'sad' }).catch((error: Error) => error.name);
  await guard.varyAsync({ hair: 'grey' });
  expect(await alone).toBe('AbortError');
  expect(guard.portrait.recipe).toMatchObject({ attributes: { hair: 'grey', mood: 'sad' } });
  const leaving = new AbortController();
  const givenUp = guard.varyAsync({ hair: 'red' }, { signal: leaving.signal }).catch(() => {});
  leaving.abort();
  await guard.varyAsync({ mood: 'glad' });
  await givenUp;
  expect(guard.asked.portraits.attributes).toMatchObject({ hair: 'grey', mood: 'glad' });
  const running = guard.varyAsync({ hair: 'red' }).catch(() => {});
  await expect(guard.varyAsync({ hair: 'grey' }, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/);
  await guard.varyAsync({ mood: 'sad' });
  await running;
  expect(guard.asked.portraits.attributes).toMatchObject({ hair: 'red', mood: 'sad' });
  await guard.varyAsync({ hair: 'grey', mood: 'glad' });
  expect(guard.portrait.recipe).toMatchObject({ attributes: { hair: 'grey', mood: 'glad' } });
  expect(guard.sprites.cells[0]!.attributes).toMatchObject({ hair: 'grey' });
});

it('makes the changes of a call that ended between the pictures with those of the next', async () => {
  const guard = await createNpcAsync({ role: 'guard', kind: 'elf', hair: 'red' }, generators, { seed: 5 });
  const repaint = vi.spyOn(guard.sprites, 'repaintCellAsync');
  repaint.mockImplementationOnce(async (_cell, _changes, { signal } = {}) => {
    await vi.waitUntil(() => guard.portrait.recipe?.attributes?.hair === 'grey');
    leaving.abort();
    signal?.throwIfAborted();
    return guard.sprites;
  });
  const leaving = new AbortController();
  await expect(guard.varyAsync({ hair: 'grey' }, { signal: leaving.signal })).rejects.toThrow(/abort/);
  expect(guard.sprites.cells[0]!.attributes).toMatchObject({ hair: 'red' });
  await guard.varyAsync({ mood: 'sad' });
  expect(guard.portrait.recipe!.attributes).toMatchObject({ hair: 'grey', mood: 'sad' });
  expect(guard.sprites.cells[0]!.attributes).toMatchObject({ hair: 'grey' });
  await guard.varyAsync({});
  expect(repaint).toHaveBeenCalledTimes(2);
});

it('makes the change that one picture lacks, also after a call that was given up before it made anything', async () => {
  const guard = await createNpcAsync({ role: 'guard', kind: 'elf', hair: 'red' }, generators, { seed: 5 });
  vi.spyOn(guard.sprites, 'repaintCellAsync').mockImplementationOnce(async () => {
    await vi.waitUntil(() => guard.portrait.recipe?.attributes?.hair === 'grey');
    throw new Error('offline');
  });
  await expect(guard.varyAsync({ hair: 'grey' })).rejects.toThrow('offline');
  for (const isOver of [true, false]) {
    const leaving = new AbortController();
    const givenUp = guard.varyAsync({ mood: 'sad' }, { signal: leaving.signal }).catch(({ name }: Error) => name);
    leaving.abort();
    if (isOver) expect(await givenUp).toBe('AbortError');
  }
  await guard.varyAsync({});
  expect(guard.sprites.cells[0]!.attributes).toMatchObject({ hair: 'grey' });
  expect(guard.portrait.recipe!.attributes).toMatchObject({ hair: 'grey' });
  expect(guard.portrait.recipe!.attributes).not.toHaveProperty('mood');
});

it('draws for both what becomes open', async () => {
  const guard = await createNpcAsync({ role: 'guard', kind: 'elf', hair: 'red' }, generators, { seed: 5 });
  await guard.varyAsync({ kind: 'any', hair: 'any' });
  const { kind, hair } = guard.sprites.cells[0]!.attributes!;
  expect(guard.portrait.recipe).toMatchObject({ label: kind, attributes: { hair } });
  expect(guard.asked.portraits).toMatchObject({ label: kind, attributes: { hair }, ignored: ['role'] });
});

it('says which seeds there are', async () => {
  const expected = 'expected a whole number from 0 to 4294967295 (use `seed >>> 0`)';
  for (const [seed, shown] of [
    [-1, '-1'],
    [Number.NaN, 'NaN'],
    [2 ** 32, '4294967296'],
    ['7', '"7"'],
  ] as const) {
    const made = createNpcAsync({ kind: 'elf' }, generators, { seed: seed as number });
    await expect(made).rejects.toThrow(new RangeError(`createNpc: seed is ${shown}; ${expected}`));
  }
});

it('says what is missing', async () => {
  const { portraits, sprites } = generators;
  const mistaken = { portraits, characters: sprites } as never;
  const missing = (name: string) => `createNpc: ${name} is missing; give { portraits, sprites }`;
  await expect(createNpcAsync({}, mistaken)).rejects.toThrow(missing('sprites'));
  await expect(createNpcAsync({}, undefined as never)).rejects.toThrow(missing('portraits'));
});

it('passes over a kind that one of the models lacks, until it becomes another', async () => {
  const troll = await createNpcAsync({ kind: 'troll' }, generators, { seed: 5 });
  expect(troll.asked.portraits).toMatchObject({ label: troll.portrait.recipe!.label, ignored: ['kind'] });
  expect(troll.sprites.cells).toMatchObject([{ attributes: { kind: 'troll' } }]);
  await troll.varyAsync({ kind: 'elf' });
  expect(troll.asked.portraits).toMatchObject({ label: 'elf', ignored: [] });
});

it('leaves nothing behind when one of the two fails', async () => {
  const asked = createNpcAsync({ kind: 'elf' }, generators, { sprites: { worldHeight: 0 } });
  await expect(asked).rejects.toThrow('worldHeight is 0; expected a number above 0');
  const portrait = { guidanceScale: 50 };
  const long = { numInferenceSteps: 1000 };
  await expect(createNpcAsync({ kind: 'elf' }, generators, { portrait, sprites: long })).rejects.toThrow(
    /is 50; expected/,
  );
  expect([generators.sprites.queueLength, generators.portraits.queueLength]).toEqual([0, 0]);
  expect([scene.textures.length, scene.spriteManagers?.length ?? 0]).toEqual([0, 0]);
});
