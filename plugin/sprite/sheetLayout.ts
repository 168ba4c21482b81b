import { imageSize, type ModelInfo, type Recipe, type RecipeOptions, squareColumns } from '../../runtime/index.ts';
import { MAX_SIZE_PX, type PixelArtLook, parseLook, savedPixelArt } from '../texture/textureLook.ts';
import type { SavedSettings } from '../texture/textureSettings.ts';

/** The size and number of a sheet's cells, each of which holds a picture with all its frames, and how the sheet is sampled when it is drawn. */
export interface SheetCells {
  cellSize: readonly [widthPx: number, heightPx: number];
  numCells: number;
  samplingMode: number;
  hasAlpha: boolean;
  /** How pictures are turned into pixel art before they are shown; the cells of the texture are larger by its factor. */
  pixelArt?: PixelArtLook;
  /** The height of sprites that are made of it, in world units. */
  worldHeight?: number;
}

/** A sheet as a scene file holds it. */
export interface SavedGeneratedSheet extends SavedSettings {
  customType: string;
  name: string;
  /** Empty, but there, because Babylon's node materials restore only textures that have one. */
  url: string;
  /**
   * The name of the model's package, or the address of its folder, which counts from the scene file's unless it is a whole one.
   * Where the scene had several models of that name, `#` and the first eight digits of the model's hash follow.
   */
  model: string;
  cellSize: [widthPx: number, heightPx: number];
  samplingMode: number;
  hasAlpha: boolean;
  pixelArt?: PixelArtLook;
  worldHeight?: number;
  cells: (RecipeOptions | null)[];
}

/** The number of columns of a sheet, which is about as wide as high where a texture of `maxPx` a side can be so wide. */
export function numColumns(
  numCells: number,
  [widthPx, heightPx]: readonly [number, number],
  maxPx = MAX_SIZE_PX,
): number {
  const mostAlong = (cellPx: number) => Math.max(1, Math.floor(maxPx / cellPx));
  const fewest = Math.ceil(numCells / mostAlong(heightPx)); // with fewer columns it would be too high
  return Math.min(Math.max(fewest, squareColumns(numCells, widthPx, heightPx)), mostAlong(widthPx));
}

/** The size of a cell in the sheet: that of its picture, enlarged as pixel art is. */
export function drawnCellSize({
  cellSize: [widthPx, heightPx],
  pixelArt,
}: Pick<SheetCells, 'cellSize' | 'pixelArt'>): [widthPx: number, heightPx: number] {
  const { factor = 1 } = pixelArt ?? {};
  return [factor * widthPx, factor * heightPx];
}

/** Where the left upper corner of a cell is in a sheet that is so wide. */
export function placeOfCell(cells: SheetCells, cell: number, sheetPx: number): [x: number, y: number] {
  const [widthPx, heightPx] = drawnCellSize(cells);
  const columns = sheetPx / widthPx;
  return [(cell % columns) * widthPx, Math.floor(cell / columns) * heightPx];
}

/** @throws RangeError naming the sheet, for a picture of another size than its cells */
export function assertCellsFit(
  { cellSize: [widthPx, heightPx] }: Pick<SheetCells, 'cellSize'>,
  recipes: readonly (Recipe | null)[],
  info: ModelInfo,
  name: string,
): void {
  for (const recipe of recipes) {
    const size = recipe && imageSize(info, recipe);
    if (!size || (size[0] === widthPx && size[1] === heightPx)) continue;
    throw new RangeError(
      `repaintCellAsync: ${size.join('×')} beside ${widthPx}×${heightPx} in ${name}; cells are of one size, so leave out width and height`,
    );
  }
}

/**
 * The size of a sheet.
 *
 * @param maxPx the most that a side of a texture may have
 * @throws RangeError when no texture is so large
 */
export function sheetSize(cells: CellCount, maxPx = MAX_SIZE_PX): [widthPx: number, heightPx: number] {
  const size = sizeOf(cells, maxPx);
  if (Math.max(...size) <= maxPx) return size;
  const [widthPx, heightPx] = drawnCellSize(cells);
  const most = Math.floor(maxPx / widthPx) * Math.floor(maxPx / heightPx);
  const many = `${cells.numCells} cells of ${widthPx}×${heightPx} make a sheet of ${size.join('×')}`;
  const remedy = most > 0 ? 'make several sheets of fewer cells' : 'make smaller pictures, or enlarge them less';
  throw new RangeError(
    `generateSpritesAsync: ${many}; expected at most ${maxPx} a side, and so ${most} cells; ${remedy}`,
  );
}

/** The number of a sheet's cells and the size of each, from which the size of the whole sheet follows. */
type CellCount = Pick<SheetCells, 'cellSize' | 'numCells' | 'pixelArt'>;

function sizeOf(cells: CellCount, maxPx = MAX_SIZE_PX): [widthPx: number, heightPx: number] {
  const [widthPx, heightPx] = drawnCellSize(cells);
  const columns = numColumns(cells.numCells, [widthPx, heightPx], maxPx);
  return [columns * widthPx, Math.ceil(cells.numCells / columns) * heightPx];
}

/** Reads what a scene file has, which is not trusted. @throws RangeError when the size is not valid */
export function parseSheetCells({
  cellSize,
  cells,
  samplingMode,
  hasAlpha,
  pixelArt,
  worldHeight,
}: SavedGeneratedSheet): SheetCells {
  const numCells = Array.isArray(cells) ? cells.length : 0;
  const isWhole = Array.isArray(cellSize) && cellSize.every(Number.isInteger);
  const [widthPx, heightPx] = isWhole ? cellSize : [0, 0];
  const size = sizeOf({ cellSize: [widthPx, heightPx], numCells, pixelArt: savedPixelArt(pixelArt) });
  const look = parseLook({ size, samplingMode, hasAlpha, pixelArt }, MAX_SIZE_PX ** 2, 'GeneratedSheet');
  return {
    cellSize: [widthPx, heightPx],
    numCells,
    samplingMode: look.samplingMode,
    hasAlpha: look.hasAlpha,
    ...(look.pixelArt && { pixelArt: look.pixelArt }),
    ...(isWorldHeight(worldHeight) && { worldHeight }),
  };
}

/** Whether a value can be the height of sprites in the world: a number above 0 that is not infinite. */
export function isWorldHeight(height: unknown): height is number {
  return typeof height === 'number' && height > 0 && height < Number.POSITIVE_INFINITY;
}
