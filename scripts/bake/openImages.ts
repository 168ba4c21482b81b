// The pictures that a bake begins from, and the masks that say which part of them is made new.
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { statedPngSize } from '../../runtime/core/pngHeader.ts';
import { MAX_SIDE_PX } from '../../runtime/core/samplingBounds.ts';
import { luma } from '../../runtime/index.ts';
import { decodePng } from '../node/png.ts';
import type { BakeAsset } from './bakeFileSchema.ts';
import { flawOfPath, placeInside } from './outputPaths.ts';
import { withoutOperation } from './wantedPictures.ts';

/** A PNG as bytes of the runtime. */
export interface BakeImage {
  width: number;
  height: number;
  rgba: Uint8Array;
  /** The image as a mask, one byte a pixel: white and opaque is 255; black, and what is transparent, 0. */
  mask: Uint8Array;
}

const MAX_BYTES = 50_000_000;
const MAX_PIXELS = MAX_SIDE_PX ** 2;

/**
 * Reads the images and masks that assets name, each once.
 *
 * @param folder     what their paths are relative to
 * @param isAnywhere whether they may lead out of it: paths of a file may not, those of a command line may
 * @returns          by path: the picture, or what is wrong with it
 */
export async function openImages(
  assets: readonly Pick<BakeAsset, 'image' | 'mask'>[],
  folder: string,
  isAnywhere: boolean,
): Promise<Map<string, BakeImage | string>> {
  const paths = new Set(assets.flatMap(({ image, mask }) => [image ?? [], mask ?? []].flat()));
  const images = new Map<string, BakeImage | string>();
  for (const path of paths) images.set(path, await openImage(path, folder, isAnywhere).catch(withoutOperation));
  return images;
}

async function openImage(path: string, folder: string, isAnywhere: boolean): Promise<BakeImage> {
  const below = path.replace(/^\.\//, '');
  const flaw = isAnywhere ? undefined : flawOfPath(below);
  if (flaw) throw new Error(`expected a PNG below this file's folder: ${flaw}`);
  const place = isAnywhere ? resolve(folder, path) : await placeInside(folder, below, true);
  const found = await stat(place).catch(() => {
    throw new Error(`there is no file ${path}`);
  });
  if (!found.isFile()) throw new Error(`${path} is a folder, pipe or device; expected a PNG file`);
  const { size } = found;
  if (size > MAX_BYTES) throw new Error(`${path} has ${size} bytes; expected at most ${MAX_BYTES}`);
  const bytes = await readFile(place);
  checkStatedSize(bytes, path);
  const { width, height, channels, pixels } = decodePng(bytes, path);
  const rgba = channels === 4 ? pixels : opaque(pixels);
  return { width, height, rgba, mask: maskOf(rgba, width, height) };
}

/** Refuses what no model makes before it is unpacked. The size of the asset's own model is compared when it is planned. */
function checkStatedSize(bytes: Uint8Array, path: string): void {
  const { width, height } = statedPngSize(bytes) ?? { width: 0, height: 0 };
  if (width * height <= MAX_PIXELS) return;
  throw new Error(
    `${path} is ${width}×${height}; expected the size that is made, at most ${MAX_PIXELS} pixels; scale it`,
  );
}

function maskOf(rgba: Uint8Array, width: number, height: number): Uint8Array {
  const mask = new Uint8Array(width * height);
  for (const [i, y] of luma(rgba, width, height).entries()) mask[i] = Math.round(255 * y);
  return mask;
}

function opaque(rgb: Uint8Array): Uint8Array {
  const rgba = new Uint8Array((rgb.length / 3) * 4).fill(255);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) rgba.set(rgb.subarray(from, from + 3), to);
  return rgba;
}
