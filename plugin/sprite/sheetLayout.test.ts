import { expect, it } from 'vitest';
import { createScene, loadTiny } from '../testing/tinyScene.ts';
import { GeneratedSheet } from './generatedSheet.ts';
import { placeOfCell, sheetSize } from './sheetLayout.ts';

it('is as wide as it has to be for as many high cells as a sheet can hold, and says how many those are', () => {
  const high = (numCells: number) => sheetSize({ cellSize: [1000, 3000], numCells });
  expect(high(16)).toEqual([8000, 6000]);
  expect(high(4)).toEqual([4000, 3000]);
  expect(() => high(17)).toThrow(/17 cells of 1000×3000 .* and so 16 cells; make several sheets/);
});

it('has its cells where there is place for them on the device', () => {
  const layout = { cellSize: [1500, 1000], numCells: 7, samplingMode: 1, hasAlpha: true } as const;
  const placeOn = (maxPx: number) => placeOfCell(layout, 3, sheetSize(layout, maxPx)[0]);
  expect(placeOn(8192)).toEqual([0, 1000]);
  expect(placeOn(4096)).toEqual([1500, 1000]);
});

it('is no larger than the textures of the device', async () => {
  const scene = createScene();
  scene.getEngine().getCaps().maxTextureSize = 4096;
  const high = (numCells: number, factor: 1 | 2 | 4 = 1) => {
    const layout = { cellSize: [1000, 3000], numCells, samplingMode: 1, hasAlpha: true, pixelArt: { factor } } as const;
    return new GeneratedSheet('high', 'nowhere', scene, layout).getSize();
  };
  expect(high(4)).toEqual({ width: 4000, height: 3000 });
  expect(() => high(5)).toThrow(/5 cells of 1000×3000 .* at most 4096 a side, and so 4 cells; make several sheets/);
  expect(() => high(1, 4)).toThrow(
    /1 cells of 4000×12000 .* and so 0 cells; make smaller pictures, or enlarge them less/,
  );

  const tiny = await loadTiny(scene);
  const many = tiny.generateSpritesAsync({ count: 5000, pixelArt: { factor: 4 } });
  await expect(many).rejects.toThrow(/5000 cells of 64×64 .* and so 4096 cells/);
  scene.getEngine().dispose();
});
