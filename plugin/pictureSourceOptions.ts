// How a model is loaded and painted with, and how much memory its pictures may take.
import { checkNames } from './checkNames.ts';
import { checkNumbers } from './checkNumbers.ts';
import type { LoadOptions } from './loading/loadModelBytes.ts';
import type { PainterOptions } from './painting/createPainter.ts';

export interface PictureSourceOptions extends PainterOptions, LoadOptions {
  /** Memory for finished pictures, in bytes; default 32 MiB. */
  cacheBytes?: number;
  /**
   * Keeps finished pixels in IndexedDB for the next visit, up to so many bytes; 0: not at all; default 64 MiB. Pictures
   * made on the GPU are not kept: their pixels never leave it. All generators of a site share one store, which whoever keeps
   * a picture brings down to its own limit: give them the same, or 0.
   */
  storeBytes?: number;
}

export const PICTURE_SOURCE_DEFAULTS = { cacheBytes: 2 ** 25, storeBytes: 2 ** 26 };

/** All options, so that the compiler tells of one that is missing here. */
const NAMES: Readonly<Record<keyof PictureSourceOptions, true>> = {
  cacheBytes: true,
  storeBytes: true,
  compute: true,
  frameBudgetMs: true,
  numWorkers: true,
  workerUrl: true,
  wasmPaths: true,
  backend: true,
  maxPixels: true,
  timeoutMs: true,
  numRetries: true,
  maxFileBytes: true,
  signal: true,
  onProgress: true,
};

/** Warns of options that do not exist. @throws TypeError, RangeError naming the option that cannot be right */
export function checkPictureSourceOptions(options: PictureSourceOptions): void {
  checkNames('AssetGenerator', options, Object.keys(NAMES));
  checkNumbers(options);
}
