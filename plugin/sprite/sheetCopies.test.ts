// Copies of a sheet, as Babylon makes them of any texture, and what is asked of a sheet that is gone.
import { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import { expect, it, vi } from 'vitest';
import { PictureSource } from '../pictureSource.ts';
import { serveTiny } from '../testing/serveTiny.ts';
import { next, ON_THIS_THREAD, uploadedTo } from '../testing/tinyScene.ts';
import { scene, tiny, useTiny } from '../testing/tinySuite.ts';
import { PictureTarget } from '../texture/texelTexture.ts';
import { GeneratedSheet, RegisterGeneratedSheet } from './generatedSheet.ts';

useTiny();

const ASKED = { labels: ['elf', 'orc'], count: 3, seed: 4, numSpareCells: 1 };

it('has its pictures and settings at once, and is painted without its original', async () => {
  const { sheet } = await tiny.generateSpritesAsync(ASKED);
  sheet.metadata = { inn: 'north' };
  sheet.updateSamplingMode(Texture.BILINEAR_SAMPLINGMODE);
  const copy: GeneratedSheet = sheet.clone();
  expect(copy).toBeInstanceOf(GeneratedSheet);
  expect(copy.isReady()).toBe(true);
  expect(copy).toMatchObject({ name: sheet.name, hasAlpha: true, metadata: { inn: 'north' } });
  expect(copy.samplingMode).toBe(Texture.BILINEAR_SAMPLINGMODE);
  expect(uploadedTo(copy)).toEqual(uploadedTo(sheet));
  expect(copy.serialize()).toEqual(sheet.serialize());
  const before = uploadedTo(sheet);
  await copy.repaintCellAsync(3, { label: 'goblin', seed: 9 });
  expect(uploadedTo(sheet)).toEqual(before);
  expect(sheet.cells[3]).toBe(null);
  sheet.dispose();
  expect(copy.shownCell(3)).toEqual(await copy.readCellAsync(3));
});

it('is painted where its original is being drawn again', async () => {
  const { sheet } = await tiny.generateSpritesAsync(ASKED);
  const right = uploadedTo(sheet);
  const { pictureAsync } = PictureSource.prototype;
  vi.spyOn(PictureSource.prototype, 'pictureAsync').mockImplementation(async function (this: PictureSource, ...asked) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    return pictureAsync.apply(this, asked);
  });
  const lost = vi.spyOn(PictureTarget.prototype, 'pixels', 'get').mockReturnValue(null); // as of a sheet on the GPU
  scene.getEngine().onContextRestoredObservable.notifyObservers(scene.getEngine());
  await vi.waitFor(() => expect(sheet.isReady()).toBe(false));
  lost.mockRestore();
  const copy = sheet.clone();
  expect(copy.isReady()).toBe(false);
  await Promise.all([copy, sheet].map((one) => vi.waitFor(() => expect(one.isReady()).toBe(true))));
  expect(uploadedTo(copy)).toEqual(right);
  vi.restoreAllMocks();
});

it('keeps its settings in a scene file', async () => {
  const { sheet } = await tiny.generateSpritesAsync(ASKED);
  const changed = { metadata: { inn: 'north' }, level: 0.5, hasAlpha: false };
  Object.assign(sheet, changed);
  const loaded = GeneratedSheet.Parse(structuredClone(sheet.serialize()), scene, '');
  await loaded.whenPaintedAsync();
  expect(loaded).toMatchObject(changed);
  expect(loaded.serialize()).toEqual(sheet.serialize());
  const wrong = { ...sheet.serialize(), cellSize: null as never };
  expect(() => GeneratedSheet.Parse(wrong, scene, '')).toThrow(/^GeneratedSheet: size/);
});

it('keeps what has changed since it was loaded in a scene file that is saved before it is painted', async () => {
  const { sheet } = await tiny.generateSpritesAsync(ASKED);
  const loaded = GeneratedSheet.Parse(structuredClone(sheet.serialize()), scene, '');
  Object.assign(loaded, { name: 'mine', level: 0.5 });
  expect(loaded.isReady()).toBe(false);
  const early = loaded.serialize();
  expect(early).toMatchObject({ name: 'mine', level: 0.5, cells: sheet.serialize().cells });
  await loaded.whenPaintedAsync();
  expect(loaded.serialize()).toEqual(early);
});

it('has no copies once it is disposed', async () => {
  const { sheet } = await tiny.generateSpritesAsync(ASKED);
  sheet.dispose();
  expect(() => sheet.clone()).toThrow(expect.objectContaining({ name: 'AbortError' }));
});

it('shows the picture of a cell in which its original shows a preview', async () => {
  const { sheet } = await tiny.generateSpritesAsync(ASKED);
  const before = sheet.shownCell(0);
  const change = { seed: 9, numInferenceSteps: 100 };
  const repainted = sheet.repaintCellAsync(0, change, { previewEvery: 1 }).catch(() => {});
  await next(sheet.onCellProgressObservable);
  const copy = sheet.clone();
  expect([sheet.shownCell(0), copy.shownCell(0)]).toEqual([null, null]);
  await vi.waitFor(() => expect(copy.shownCell(0)).toEqual(before));
  sheet.dispose();
  await repainted;
});

it('is painted where its original is not yet, and keeps the model', async () => {
  const address = 'https://game.example/tiny';
  await serveTiny(address);
  RegisterGeneratedSheet(ON_THIS_THREAD);
  const { sheet } = await tiny.generateSpritesAsync(ASKED);
  const loading = GeneratedSheet.Parse({ ...sheet.serialize(), model: 'tiny' }, scene, 'https://game.example/');
  const early = loading.clone();
  expect(early.serialize()).toEqual(loading.serialize());
  await Promise.all([loading.whenPaintedAsync(), early.whenPaintedAsync()]);
  const late = loading.clone();
  loading.dispose();
  early.dispose();
  expect(uploadedTo(late)).toEqual(uploadedTo(sheet));
  expect(late.serialize().model).toBe('tiny');
  await late.repaintCellAsync(3, { label: 'goblin', seed: 9 });
  late.dispose();
  vi.restoreAllMocks();
});

it('is not packed once it is disposed', async () => {
  const sprites = await tiny.generateSpritesAsync(ASKED);
  sprites.dispose();
  await expect(sprites.packAsync()).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
});
