import { composeSheet, type PixelImage } from './pixels.ts';

/** A point of a picture that stays where its sprite is put: shares of width and height, from the top left corner. */
export interface Pivot {
  x: number;
  y: number;
}

const OPAQUE = 128;

/**
 * Where a cut-out stands: in the middle, below its lowest row that has an opaque pixel; at the bottom edge if none has.
 *
 * @param pixels RGBA bytes, top row first
 */
export function footPivot(pixels: Uint8Array | Uint8ClampedArray, widthPx: number, heightPx: number): Pivot {
  for (let row = heightPx; row > 0; row--) {
    for (let x = 0; x < widthPx; x++) {
      if (pixels[4 * ((row - 1) * widthPx + x) + 3]! >= OPAQUE) return { x: 0.5, y: row / heightPx };
    }
  }
  return { x: 0.5, y: 1 };
}

/** A rectangle of a sheet in pixels, from its top left corner. */
interface Rectangle {
  x: number;
  y: number;
  w: number;
  h: number;
}

interface AtlasFrame {
  frame: Rectangle;
  rotated: boolean;
  trimmed: boolean;
  spriteSourceSize: Rectangle;
  sourceSize: { w: number; h: number };
  pivot?: Pivot;
}

/** TexturePacker's "hash" layout, which Babylon's SpritePackedManager reads. */
export interface Atlas {
  frames: Record<string, AtlasFrame>;
  meta: {
    app: string;
    version: string;
    image: string; // file name beside the atlas
    format: 'RGBA8888';
    size: { w: number; h: number };
    scale: string;
  };
}

/** One picture of a sheet; all are of one size. */
export interface SheetTile {
  name: string;
  pixels: Uint8Array;
  pivot?: Pivot;
}

export interface SheetLayout {
  columns: number;
  widthPx: number; // of a tile
  heightPx: number;
}

/** Lays pictures out in rows, and lists where each of them is. */
export function composeAtlas(
  tiles: readonly SheetTile[],
  { columns, widthPx, heightPx }: SheetLayout,
  image: string,
  version: string,
): { sheet: PixelImage; atlas: Atlas } {
  const pixels = tiles.map((tile) => tile.pixels);
  const sheet = composeSheet(pixels, columns, widthPx, heightPx);
  const frames = tiles.map(({ name, pivot }, i) => {
    const x = (i % columns) * widthPx;
    const y = Math.floor(i / columns) * heightPx;
    return [name, { ...frameAt(x, y, widthPx, heightPx), ...(pivot && { pivot }) }] as const;
  });
  const size = { w: sheet.width, h: sheet.height };
  const meta = { app: 'figment', version, image, format: 'RGBA8888' as const, size, scale: '1' };
  return { sheet, atlas: { frames: Object.fromEntries(frames), meta } };
}

function frameAt(x: number, y: number, w: number, h: number): AtlasFrame {
  const spriteSourceSize = { x: 0, y: 0, w, h };
  return { frame: { x, y, w, h }, rotated: false, trimmed: false, spriteSourceSize, sourceSize: { w, h } };
}

/** More columns than this make a sheet that nobody can look at. */
const MAX_COLUMNS = 32;

/** A row for each label while that is readable, else about as many columns as rows. */
export function sheetColumns(numLabels: number, numEach: number): number {
  if (numLabels > 1 && numEach <= MAX_COLUMNS) return numEach;
  return Math.ceil(Math.sqrt(numLabels * numEach));
}
