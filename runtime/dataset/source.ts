import { messageOf } from '../core/errors.ts';
import type { PixelImage } from '../core/pixels.ts';
import { statedPngSize } from '../core/pngHeader.ts';
import { DatasetError } from './dataset.ts';

/** Where a data set's files come from: a folder on disk, an uploaded directory, a web server. Paths use `/`. */
export interface DatasetSource {
  /** Used in messages, and as the name of a data set that has none of its own. */
  name?: string;
  /**
   * The names inside a folder, `''` being the data set's own; a folder's name ends in `/`. A source that cannot list, as
   * over HTTP, returns `['dataset.json']`.
   */
  list(path: string): Promise<string[]>;
  read(path: string): Promise<Uint8Array>;
}

type ImageSize = Pick<PixelImage, 'width' | 'height'>;

/**
 * Decodes one PNG file. A DatasetError says what is wrong with a file that is a good PNG.
 *
 * @param fileName  for error messages
 * @param numPixels how many it may have, where the data set says that it is a large one of few bytes; absent: a usual number
 */
export type DecodePng = (bytes: Uint8Array, fileName: string, numPixels?: number) => PixelImage | Promise<PixelImage>;

/** What is known of an image of a data set before it is read: which sizes are wrong for it, and how large it may be. */
interface ExpectedImage {
  /** Says what is wrong with the size that an image states, in sentences for a person; one with a wrong size is not decoded. */
  sizeProblems?: (size: ImageSize) => string[];
  /** The most pixels that it may have, for `DecodePng`; absent: a usual number. */
  numPixels?: number;
}

/** Reads and decodes one image; a failure is added to the problems and gives undefined. */
export async function readImage(
  source: DatasetSource,
  decode: DecodePng,
  path: string,
  problems: string[],
  { sizeProblems = () => [], numPixels }: ExpectedImage = {},
): Promise<PixelImage | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await source.read(path);
  } catch (error) {
    problems.push(`${path}: cannot be read (${messageOf(error)}); expected a PNG file of this name`);
    return undefined;
  }
  const stated = statedPngSize(bytes);
  const wrong = stated ? sizeProblems(stated) : [];
  problems.push(...wrong);
  if (wrong.length > 0) return undefined;
  try {
    return await decode(bytes, path, numPixels);
  } catch (error) {
    if (error instanceof DatasetError) problems.push(...error.problems);
    else problems.push(`${path}: is not a readable PNG (${messageOf(error)}); save it again as PNG`);
    return undefined;
  }
}

/** What is wrong with a file that `decodeText` does not read. */
export const NO_TEXT = 'expected UTF-8 text; save it as UTF-8';

/** The text of a file; undefined where it is not UTF-8, of which something would be lost. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
