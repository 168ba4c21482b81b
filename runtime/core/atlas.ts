import { composeSheet } from './composeSheet.ts';
import { animationsOf, type Frame, numFramesOf } from './frames.ts';
import { HALF_OPAQUE, type PixelImage } from './pixels.ts';

/** A point of a picture that stays where its sprite is put: shares of width and height, from the top left corner. */
export interface Pivot {
  x: number;
  y: number;
}

/**
 * Where a cut-out stands: in the middle, below its lowest row that has an opaque pixel; at the bottom edge if none has. Feet that
 * walk reach lower than those that stand, so of frames those are looked at that stand, where any do: they are their action alone.
 *
 * @param pixels RGBA bytes, top row first
 * @param frames those that lie beside one another in the picture, if it has any
 */
export function footPivot(
  pixels: Uint8Array | Uint8ClampedArray,
  widthPx: number,
  heightPx: number,
  frames: readonly Frame[] = [],
): Pivot {
  const standing = animationsOf(frames).filter(({ from, to }) => from === to);
  const isLookedAt = (x: number) =>
    !standing[0] || standing.some(({ from }) => from === Math.floor((x * frames.length) / widthPx));
  for (let row = heightPx; row > 0; row--) {
    for (let x = 0; x < widthPx; x++) {
      const alpha = pixels[4 * ((row - 1) * widthPx + x) + 3]!;
      if (alpha >= HALF_OPAQUE && isLookedAt(x)) return { x: 0.5, y: row / heightPx };
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
  /** Where it is held, as TexturePacker calls it. */
  pivot?: Pivot;
  /** The same, as PixiJS calls it. */
  anchor?: Pivot;
  duration?: number; // in milliseconds, as Aseprite has it
}

/** Aseprite's name for some frames, by their places in the list of all. */
interface FrameTag {
  name: string;
  from: number;
  to: number;
  direction: 'forward';
}

/**
 * TexturePacker's "hash" layout, which Babylon's SpritePackedManager reads; of animated pictures with `animations`, as PixiJS
 * reads them, and the tags and durations of Aseprite.
 */
export interface Atlas {
  frames: Record<string, AtlasFrame>;
  animations?: Record<string, string[]>;
  meta: {
    app: string;
    version: string;
    image: string; // file name beside the atlas
    format: 'RGBA8888';
    size: { w: number; h: number };
    scale: string;
    frameTags?: FrameTag[];
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
  /** What stands in each tile from left to right. */
  frames?: readonly Frame[];
}

/**
 * Lays pictures out in rows, and lists where each of them is. Frames are called after their tile, animation and place in it,
 * `guard-7-walk-left-0`, and animations `guard-7-walk-left`.
 */
export function composeAtlas(
  tiles: readonly SheetTile[],
  layout: SheetLayout,
  image: string,
  version: string,
): { sheet: PixelImage; atlas: Atlas } {
  const { columns, widthPx, heightPx, frames } = layout;
  const pixels = tiles.map((tile) => tile.pixels);
  const sheet = composeSheet(pixels, columns, widthPx, heightPx);
  const frameWidth = widthPx / numFramesOf(layout);
  const listed = tiles.flatMap(({ name, pivot }, i) => {
    const [left, top] = [(i % columns) * widthPx, Math.floor(i / columns) * heightPx];
    const at = (frame: number) => ({
      ...frameAt(left + frame * frameWidth, top, frameWidth, heightPx),
      ...(pivot && { pivot, anchor: pivot }),
    });
    if (!frames) return [[name, at(0)] as const];
    const names = namesOf(name, frames);
    return frames.map(({ durationMs }, f) => [names[f]!, { ...at(f), duration: durationMs }] as const);
  });
  const size = { w: sheet.width, h: sheet.height };
  const meta = { app: 'figment', version, image, format: 'RGBA8888' as const, size, scale: '1' };
  const atlas = { frames: Object.fromEntries(listed), meta };
  return { sheet, atlas: frames ? animated(atlas, tiles, frames) : atlas };
}

/** What the frames of a tile are called. */
function namesOf(tile: string, frames: readonly Frame[]): string[] {
  return animationsOf(frames).flatMap(({ name, from, to }) =>
    Array.from({ length: to - from + 1 }, (_, i) => `${tile}-${name}-${i}`),
  );
}

/** The atlas with what each tile's animations are. */
function animated(atlas: Atlas, tiles: readonly SheetTile[], frames: readonly Frame[]): Atlas {
  const animations: Record<string, string[]> = {};
  const frameTags: FrameTag[] = [];
  for (const [i, tile] of tiles.entries()) {
    const names = namesOf(tile.name, frames);
    for (const { name, from, to } of animationsOf(frames)) {
      animations[`${tile.name}-${name}`] = names.slice(from, to + 1);
      const first = i * frames.length;
      frameTags.push({ name: `${tile.name}-${name}`, from: first + from, to: first + to, direction: 'forward' });
    }
  }
  return { ...atlas, animations, meta: { ...atlas.meta, frameTags } };
}

function frameAt(x: number, y: number, w: number, h: number): AtlasFrame {
  const spriteSourceSize = { x: 0, y: 0, w, h };
  return { frame: { x, y, w, h }, rotated: false, trimmed: false, spriteSourceSize, sourceSize: { w, h } };
}

/** How many pictures of one size stand side by side on a sheet that is about as wide as high. */
export function squareColumns(numPictures: number, widthPx: number, heightPx: number): number {
  return Math.ceil(Math.sqrt((numPictures * heightPx) / widthPx));
}

/** More columns than this make a sheet that nobody can look at. */
const MAX_COLUMNS = 32;

/** A row for each label while that is readable, else about as many columns as rows. */
export function sheetColumns(numLabels: number, numEach: number): number {
  if (numLabels > 1 && numEach <= MAX_COLUMNS) return numEach;
  return Math.ceil(Math.sqrt(numLabels * numEach));
}
