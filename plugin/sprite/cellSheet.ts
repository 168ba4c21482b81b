import type { Recipe } from '../../runtime/index.ts';
// A texture with a picture in each cell, row after row, the top row first.
import type { Picture } from '../painting/painter.ts';
import type { PictureSource, RequestOptions } from '../pictureSource.ts';
import { PictureTarget } from '../texture/pictureTarget.ts';
import { createTexelTexture } from '../texture/texelTexture.ts';
import { cellSize } from './planCells.ts';

/** As many columns as rows, or one more. */
export function numColumns(numCells: number): number {
  return Math.ceil(Math.sqrt(numCells));
}

export function createSheet(source: PictureSource, cells: readonly (Recipe | null)[]): PictureTarget {
  const { pixelArt, channels } = source.info;
  const [widthPx, heightPx] = cellSize(cells, source.info);
  const columns = numColumns(cells.length);
  const [width, height] = [columns * widthPx, Math.ceil(cells.length / columns) * heightPx];
  const texture = createTexelTexture(source.scene, width, height, { nearest: pixelArt });
  texture.hasAlpha = channels === 4;
  return new PictureTarget(texture, width, height, false);
}

/** Draws what each cell is to show, unless it is to show something else by then. */
export async function drawCells(
  source: PictureSource,
  cells: readonly (Recipe | null)[],
  sheet: PictureTarget,
  request: RequestOptions,
): Promise<void> {
  const drawing = cells.map(async (recipe, cell) => {
    if (!recipe) return;
    const picture = await source.pictureAsync(recipe, request);
    if (cells[cell] === recipe) drawInCell(picture, sheet, cell, cells.length);
  });
  await Promise.all(drawing);
}

export function drawInCell(picture: Picture, sheet: PictureTarget, cell: number, numCells: number): void {
  const columns = numColumns(numCells);
  picture.drawInto(sheet, (cell % columns) * picture.widthPx, Math.floor(cell / columns) * picture.heightPx);
}
