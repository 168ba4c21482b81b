import { FreeCamera } from '@babylonjs/core/Cameras/freeCamera.js';
import { Ray } from '@babylonjs/core/Culling/ray.js';
import { Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import { memory } from '@tensorflow/tfjs-core';
import { decode } from 'fast-png';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { footPivot, pixelArt } from '../../runtime/index.ts';
import { PictureSource } from '../pictureSource.ts';
import { loadTinyTextures, loadTinyWalks, next, uploadedTo } from '../testing/tinyScene.ts';
import { scene, tiny, useTiny } from '../testing/tinySuite.ts';
import { GeneratedSheet } from './generatedSheet.ts';
import type { GeneratedSprites } from './generatedSprites.ts';

const SIZE_PX = 16;
const ABORTED = expect.objectContaining({ name: 'AbortError' });

useTiny();

/** RGBA of a cell as it was uploaded, top row first. */
function cellOf(sprites: GeneratedSprites, cell: number): Uint8Array {
  const sheet = uploadedTo(sprites.texture);
  const { width } = sprites.texture.getSize();
  const columns = width / SIZE_PX;
  const [x, y] = [(cell % columns) * SIZE_PX, Math.floor(cell / columns) * SIZE_PX];
  const rows = Array.from({ length: SIZE_PX }, (_, row) => {
    const from = 4 * ((y + row) * width + x);
    return [...sheet.subarray(from, from + 4 * SIZE_PX)];
  });
  return Uint8Array.from(rows.flat());
}

const EMPTY = new Uint8Array(4 * SIZE_PX * SIZE_PX);

describe('a sheet that enlarges its pictures', () => {
  it('shows them as a texture would, in cells that are larger, and is saved so', async () => {
    const look = { factor: 2, tolerance: 24, wraps: false } as const;
    const recipes = [
      { label: 'orc', seed: 5 },
      { label: 'elf', seed: 1 },
    ];
    const sprites = await tiny.generateSpritesAsync({ recipes, numSpareCells: 1, pixelArt: look });
    expect([sprites.cellWidth, sprites.cellHeight]).toEqual([2 * SIZE_PX, 2 * SIZE_PX]);
    const shown = async (cell: number) => {
      const { width } = sprites.texture.getSize();
      const pixels = await tiny.generatePixelsAsync({ ...sprites.cells[cell]! });
      const large = pixelArt(pixels, SIZE_PX, SIZE_PX, look).pixels;
      const [x, y] = [(cell % 2) * 2 * SIZE_PX, Math.floor(cell / 2) * 2 * SIZE_PX];
      const uploaded = uploadedTo(sprites.texture);
      return Array.from({ length: 2 * SIZE_PX }, (_, row) => {
        const at = 4 * ((y + row) * width + x);
        return [uploaded.subarray(at, at + 8 * SIZE_PX), large.subarray(8 * SIZE_PX * row, 8 * SIZE_PX * (row + 1))];
      });
    };
    for (const [row, expected] of await shown(1)) expect([...row!]).toEqual([...expected!]);
    const sprite = sprites.createSprite(2);
    await sprites.repaintCellAsync(sprite.cell, { label: 'goblin', seed: 2 }, { previewEvery: 1 });
    for (const [row, expected] of await shown(2)) expect([...row!]).toEqual([...expected!]);
    expect(() => sprites.createSprite(3)).toThrow('there is no cell 3; this sheet has 3, from 0');

    const { png, json } = await sprites.packAsync();
    const { data, width } = decode(png);
    const { x, y, w, h } = json.frames['orc-5']!.frame;
    expect([w, h]).toEqual([2 * SIZE_PX, 2 * SIZE_PX]);
    const packedRows = Array.from({ length: h }, (_, row) => [
      ...data.subarray(4 * ((y + row) * width + x), 4 * ((y + row) * width + x + w)),
    ]);
    expect(packedRows).toEqual((await shown(0)).map(([row]) => [...row!]));

    const saved = (sprites.texture as GeneratedSheet).serialize();
    expect(saved).toMatchObject({ cellSize: [SIZE_PX, SIZE_PX], pixelArt: look });
    expect(GeneratedSheet.Parse(saved, scene, '').getSize()).toEqual(sprites.texture.getSize());
    sprites.dispose();
  });
});

it('is as large as a scene file may have it, and no wider than a texture', async () => {
  const saved = { customType: '', name: 'crowd', url: '', model: 'nowhere', samplingMode: 1, hasAlpha: true };
  const crowd = (numCells: number, factor: 1 | 4) => {
    const cells = new Array<null>(numCells).fill(null);
    return GeneratedSheet.Parse({ ...saved, cellSize: [1152, 56], cells, pixelArt: { factor } }, scene, '').getSize();
  };
  expect(crowd(300, 1)).toMatchObject({ width: 4608, height: 4200 });
  expect(crowd(30, 4)).toMatchObject({ width: 4608, height: 6720 });
  expect(() => crowd(300, 4)).toThrow(/expected \[width, height\]/);
});

describe('a sheet of given recipes', () => {
  it('has one in each cell, and spare cells that are empty', async () => {
    const recipes = [
      { label: 'orc', seed: 5 },
      { label: 'elf', seed: 1, guidanceScale: 3, sampler: 'euler' as const },
    ];
    const sprites = await tiny.generateSpritesAsync({ recipes, guidanceScale: 1, eta: 0.5, numSpareCells: 2 });
    expect(sprites.cells).toMatchObject([
      { label: 'orc', guidanceScale: 1, eta: 0.5 },
      { label: 'elf', guidanceScale: 3, sampler: 'euler' },
      null,
      null,
    ]);
    expect(cellOf(sprites, 1)).toEqual(await tiny.generatePixelsAsync(recipes[1]!));
    expect(cellOf(sprites, 2)).toEqual(EMPTY);
    const sheet = sprites.texture as GeneratedSheet;
    expect(await sheet.readCellAsync(1)).toEqual(cellOf(sprites, 1));
    await expect(sheet.readCellAsync(2)).rejects.toThrow(/cell 2 of tiny has no picture/);
    expect(sprites.cellsOf('elf')).toEqual([1]);
    expect(Object.keys((await sprites.packAsync()).json.frames)).toEqual(['orc-5', 'elf-1']);
  });

  it('counts up from the seed where recipes have none', async () => {
    const recipes = [{ label: 'elf' }, { label: 'elf', seed: 40 }, { label: 'elf' }];
    const sprites = await tiny.generateSpritesAsync({ recipes, seed: 9 });
    expect(sprites.cells.map((recipe) => recipe!.seed)).toEqual([9, 40, 11]);
  });

  it.each([
    [{ recipes: [] }, /recipes is empty/],
    [{ recipes: [{ label: 'elv' }] }, /did you mean "elf"/],
    [{ capacity: 0 }, /capacity is 0; expected a whole number from 1/],
    [{ pixelArt: { factor: 3 as 2 }, numInferenceSteps: 1000 }, /factor is 3; expected 1, 2 or 4/],
    [{ numSpareCells: 300_000 }, /300003 cells of 16×16 make a sheet of 8192×.*expected at most 8192 a side/],
    [
      { count: 1e9 },
      /1000000000 cells of 16×16 make .*expected at most 8192 a side, and so 262144 cells; make several/,
    ],
    [{ count: 262_144, numSpareCells: 1 }, /262145 cells of 16×16/],
    [{ count: 65_537, pixelArt: { factor: 2 as const } }, /and so 65536 cells; make several sheets/],
    [{ numSpareCells: -1 }, /numSpareCells is -1; expected a whole number from 0/],
    [{ label: 'elf', count: 1 } as object, /label is for a single picture; name it among the labels/],
  ])('refuses %j', async (options, message) => {
    await expect(tiny.generateSpritesAsync(options)).rejects.toThrow(message);
    expect(scene.textures.length).toBe(0);
  });
});

it('varies some attributes of a cell, and keeps the others', async () => {
  const walks = await loadTinyWalks(scene, { attributes: { hair: ['red', 'blue'], cape: ['none', 'cape'] } });
  const attributes = { hair: 'red', cape: 'cape' };
  const sprites = await walks.generateSpritesAsync({ recipes: [{ label: 'elf', seed: 3, attributes }] });
  await sprites.varyCellAsync(0, { hair: 'blue' });
  const varied = { label: 'elf', seed: 3, attributes: { hair: 'blue', cape: 'cape' }, sameAs: { hair: 'red' } };
  expect(sprites.cells).toMatchObject([varied]);
});

it('gives each sprite of a label the next cell, also where others have gone', async () => {
  const sprites = await tiny.generateSpritesAsync({ labels: ['elf'], count: 3, seed: 3 });
  const cells = Array.from({ length: 4 }, () => {
    const sprite = sprites.createSprite('elf');
    sprite.dispose();
    return sprite.cell;
  });
  expect(cells).toEqual([0, 1, 2, 0]);
});

it('refuses a sprite that would not be drawn', async () => {
  const sprites = await tiny.generateSpritesAsync({ labels: ['elf'], seed: 3, capacity: 2 });
  const [elf] = [sprites.createSprite('elf'), sprites.createSprite('elf')];
  expect(() => sprites.createSprite('elf')).toThrow(/tiny has 2 sprites.*make the sheet with a larger capacity/);
  elf.dispose();
  expect(sprites.createSprite('elf').cell).toBe(0);
  const spare = await tiny.generateSpritesAsync({ labels: ['elf'], seed: 3, numSpareCells: 1 });
  expect(() => spare.createSprite(undefined as never)).toThrow(/no cell shows "undefined"; did you mean "elf"/);
  expect(spare.cellsOf(undefined as never)).toEqual([]);
});

describe('sprites of a given height', () => {
  it('keep the shape of their pictures, and stand where they are put', async () => {
    const sprites = await tiny.generateSpritesAsync({ labels: ['elf'], seed: 3, worldHeight: 1.8 });
    const sprite = sprites.createSprite('elf');
    expect([sprite.width, sprite.height]).toEqual([1.8, 1.8]);
    sprites.standAt(sprite, new Vector3(2, 0.5, -3));
    expect(sprite.position.asArray()).toEqual([2, 1.4, -3]);
  });

  it('have the pivot of their picture in the atlas', async () => {
    const sprites = await tiny.generateSpritesAsync({ labels: ['elf', 'orc'], seed: 3 });
    const { frames } = (await sprites.packAsync()).json;
    for (const [name, seed] of [
      ['elf', 3],
      ['orc', 4],
    ] as const) {
      const pixels = await tiny.generatePixelsAsync({ label: name, seed });
      expect(frames[`${name}-${seed}`]!.pivot).toEqual(footPivot(pixels, SIZE_PX, SIZE_PX));
    }
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('are refused at %f', async (worldHeight) => {
    await expect(tiny.generateSpritesAsync({ worldHeight })).rejects.toThrow(
      /worldHeight is .*; expected a number above 0/,
    );
  });
});

describe('cells of another size', () => {
  it('are all of one, and stay so', async () => {
    const textures = await loadTinyTextures(scene);
    const sprites = await textures.generateSpritesAsync({ labels: ['brick'], seed: 1, sizePx: 32, numSpareCells: 1 });
    await sprites.repaintCellAsync(1, { label: 'wood', seed: 2 });
    expect(sprites.cells).toMatchObject([{ widthPx: 32 }, { widthPx: 32 }]);
    await expect(sprites.repaintCellAsync(1, { widthPx: 48 })).rejects.toThrow(
      /48×32 beside 32×32 in tiny; cells are of one size/,
    );
    const recipes = [{ label: 'brick' }, { label: 'wood', sizePx: 32 }];
    await expect(textures.generateSpritesAsync({ recipes })).rejects.toThrow(/32×32 beside 16×16/);
  });
});

describe('repaintCellAsync', () => {
  let sprites: GeneratedSprites;

  beforeEach(async () => {
    sprites = await tiny.generateSpritesAsync({ labels: ['elf', 'goblin'], seed: 3, numSpareCells: 2 });
  });

  it('makes another picture in its cell alone', async () => {
    const before = cellOf(sprites, 0);
    await sprites.repaintCellAsync(1, { seed: 9 });
    expect(sprites.cells[1]).toMatchObject({ label: 'goblin', seed: 9 });
    expect(cellOf(sprites, 1)).toEqual(await tiny.generatePixelsAsync({ label: 'goblin', seed: 9 }));
    expect(cellOf(sprites, 0)).toEqual(before);
  });

  it('lets clicks meet what the cell shows now', async () => {
    const readPixels = vi.spyOn(sprites.texture, 'readPixels').mockResolvedValue(new Uint8Array());
    const eye = new FreeCamera('eye', new Vector3(0, 0, -3), scene);
    eye.getViewMatrix();
    Object.assign(sprites.createSprite(0), { isPickable: true, useAlphaForPicking: true });
    const click = () => sprites.intersects(new Ray(new Vector3(0.1, 0.1, 0), Vector3.Forward()), eye);
    for (let i = 0; i < 2; i++) click();
    expect(readPixels).toHaveBeenCalledTimes(1);
    await sprites.repaintCellAsync(0, { seed: 9 });
    click();
    expect(readPixels).toHaveBeenCalledTimes(2);
    const controller = new AbortController();
    sprites.onCellProgressObservable.addOnce(() => {
      click();
      controller.abort();
    });
    const before = cellOf(sprites, 0);
    const { signal } = controller;
    await expect(sprites.repaintCellAsync(0, { seed: 10 }, { previewEvery: 1, signal })).rejects.toThrow(ABORTED);
    await vi.waitFor(() => expect(cellOf(sprites, 0)).toEqual(before), 10_000);
    click(); // what an aborted request has left is drawn over
    expect(readPixels).toHaveBeenCalledTimes(3);
  });

  it('fills a spare cell, which sprites can show from then on', async () => {
    expect(() => sprites.createSprite('orc')).toThrow(/no cell shows "orc"/);
    await expect(sprites.repaintCellAsync(2)).rejects.toThrow(/cell 2 is empty; give a label/);
    await expect(sprites.repaintCellAsync(0, { label: undefined })).rejects.toThrow(/label is missing; expected one/);
    await sprites.repaintCellAsync(2, { label: 'orc', seed: 1 });
    expect(sprites.createSprite('orc').cellIndex).toBe(2);
  });

  it('tells its steps, and shows previews where asked for', async () => {
    const seen: [number, number, boolean][] = [];
    sprites.onCellProgressObservable.add(({ cell, step }) => {
      seen.push([cell, step, cellOf(sprites, 2).some((value) => value > 0)]);
    });
    await sprites.repaintCellAsync(2, { label: 'orc', seed: 1 }, { previewEvery: 2 });
    expect(seen).toEqual([
      [2, 1, false],
      [2, 2, true],
      [2, 3, true],
    ]);
  });

  it('makes the changes of a superseded request with those of the newer one', async () => {
    const sprites = await tiny.generateSpritesAsync({ labels: ['elf'], count: 1, seed: 3 });
    const superseded = sprites.repaintCellAsync(0, { guidanceScale: 3 }).catch((error: Error) => error.name);
    await sprites.repaintCellAsync(0, { eta: 0.5 });
    expect(await superseded).toBe('AbortError');
    expect(sprites.cells[0]).toMatchObject({ label: 'elf', seed: 3, guidanceScale: 3, eta: 0.5 });
  });

  it('lets the newest request for a cell win, and leaves other cells alone', async () => {
    const older = sprites.repaintCellAsync(0, { seed: 10, numInferenceSteps: 100 });
    const other = sprites.repaintCellAsync(1, { seed: 11 });
    const newer = sprites.repaintCellAsync(0, { seed: 12 });
    expect(sprites.isPainting(0)).toBe(true);
    await expect(older).rejects.toThrow(ABORTED);
    await Promise.all([other, newer]);
    expect(sprites.isPainting(0)).toBe(false);
    expect(sprites.cells).toMatchObject([{ seed: 12 }, { seed: 11 }, null, null]);
    const asWell = { label: 'elf', seed: 12, numInferenceSteps: 100 }; // as if the older one had been waited for
    expect(cellOf(sprites, 0)).toEqual(await tiny.generatePixelsAsync(asWell));
  });

  it('keeps its picture and recipe when a change is refused or aborted', async () => {
    const before = cellOf(sprites, 0);
    await expect(sprites.repaintCellAsync(0, { guidanceScale: 99 })).rejects.toThrow(/guidanceScale is 99/);
    await expect(sprites.repaintCellAsync(4, { seed: 1 })).rejects.toThrow(/cell is 4; expected .* from 0 to 3/);
    const controller = new AbortController();
    const aborted = sprites.repaintCellAsync(0, { seed: 5, numInferenceSteps: 500 }, { signal: controller.signal });
    setTimeout(() => controller.abort(), 5);
    await expect(aborted).rejects.toThrow(ABORTED);
    expect(sprites.cells[0]).toMatchObject({ label: 'elf', seed: 3 });
    expect(cellOf(sprites, 0)).toEqual(before);
  });

  it.each([0, 2])('draws cell %i as it was where an aborted request has left a preview', async (cell) => {
    const before = cellOf(sprites, cell);
    const controller = new AbortController();
    let preview = before;
    sprites.onCellProgressObservable.addOnce(() => {
      preview = cellOf(sprites, cell);
      controller.abort();
    });
    const asked = sprites.repaintCellAsync(cell, { label: 'orc' }, { previewEvery: 1, signal: controller.signal });
    await expect(asked).rejects.toThrow(ABORTED);
    expect(preview).not.toEqual(before);
    await vi.waitFor(() => expect(cellOf(sprites, cell)).toEqual(before), 10_000);
  });

  it('asks for nothing more when it is disposed while it shows a preview', async () => {
    const asked = sprites.repaintCellAsync(0, { seed: 9 }, { previewEvery: 1 });
    const pictureAsync = vi.spyOn(PictureSource.prototype, 'pictureAsync');
    sprites.onCellProgressObservable.addOnce(() => {
      pictureAsync.mockClear();
      sprites.dispose();
    });
    await expect(asked).rejects.toThrow(ABORTED);
    await new Promise((resolve) => setTimeout(resolve));
    expect(pictureAsync).not.toHaveBeenCalled();
    pictureAsync.mockRestore();
  });

  it('goes on with what it makes when a request comes whose signal is aborted', async () => {
    const asked = sprites.repaintCellAsync(0, { seed: 9 });
    await expect(sprites.repaintCellAsync(0, { seed: 8 }, { signal: AbortSignal.abort() })).rejects.toThrow(ABORTED);
    await asked;
    expect(sprites.cells[0]).toMatchObject({ seed: 9 });
  });

  it('packs what it shows without its model, but no preview', async () => {
    const sprites = await tiny.generateSpritesAsync({ labels: ['elf', 'orc'], seed: 7, pixelArt: { factor: 2 } });
    const packed = await sprites.packAsync();
    const read = vi.spyOn(sprites.sheet, 'readCellAsync');
    const previewed = next(sprites.onCellProgressObservable);
    const painting = sprites.repaintCellAsync(1, { seed: 20 }, { previewEvery: 1 });
    await previewed;
    expect(await sprites.packAsync()).toEqual(packed);
    expect(read.mock.calls).toEqual([[1]]);
    await painting;
    const changed = await sprites.packAsync();
    tiny.dispose();
    expect(await sprites.packAsync()).toEqual(changed);
    expect(changed).not.toEqual(packed);
    expect(read.mock.calls).toEqual([[1]]);
  });

  it('packs two of one name under two names', async () => {
    await sprites.repaintCellAsync(2, { label: 'elf', seed: 3, interpolate: { seed: 4, amount: 0.5 } });
    expect(Object.keys((await sprites.packAsync()).json.frames)).toEqual(['elf-3', 'goblin-4', 'elf-3-2']);
  });

  it('rejects what it was making when it is disposed, and refuses more', async () => {
    const { texture } = sprites;
    const asked = sprites.repaintCellAsync(0, { seed: 9, numInferenceSteps: 500 });
    sprites.dispose();
    await expect(asked).rejects.toThrow(ABORTED);
    await expect(sprites.repaintCellAsync(0, { seed: 9 })).rejects.toThrow(/were disposed/);
    await expect((texture as GeneratedSheet).readCellAsync(0)).rejects.toThrow(/were disposed/);
    expect(() => sprites.createSprite('elf')).toThrow(/were disposed; make others/);
    expect(scene.textures).not.toContain(texture);
    expect(scene.spriteManagers).toEqual([]);
    const others = await tiny.generateSpritesAsync({ count: 1 });
    sprites.dispose();
    expect(scene.spriteManagers).toEqual([others]);
  });

  it('goes on with what it is making when another is asked for by a signal that is aborted already', async () => {
    const running = sprites.repaintCellAsync(0, { seed: 9 });
    const asked = sprites.repaintCellAsync(0, { seed: 10 }, { signal: AbortSignal.abort() });
    await expect(asked).rejects.toThrow(ABORTED);
    await running;
    expect(sprites.cells[0]).toMatchObject({ seed: 9 });
  });

  it('stops painting what a scene file has when it is disposed', async () => {
    const saved = (sprites.texture as GeneratedSheet).serialize();
    const cells = saved.cells.map((recipe, cell) => recipe && { ...recipe, seed: 100 + cell });
    const asked = new Promise((resolve) => tiny.onQueueChangedObservable.addOnce(resolve));
    const sheet = GeneratedSheet.Parse({ ...saved, cells }, scene, '');
    await asked;
    sheet.dispose();
    expect(tiny.queueLength).toBe(0);
  });

  it('leaves nothing behind, however often', async () => {
    await sprites.repaintCellAsync(2, { label: 'orc', seed: 0 });
    const before = { textures: scene.textures.length, tensors: memory().numTensors };
    for (let seed = 1; seed <= 50; seed++) await sprites.repaintCellAsync(2, { seed });
    expect({ textures: scene.textures.length, tensors: memory().numTensors }).toEqual(before);
  });
});
