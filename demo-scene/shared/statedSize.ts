import { imageSize } from 'image-size';

/**
 * The size that a picture's file states in its first bytes, whatever the kind of file; nothing is decoded. A file of a few bytes
 * may state more pixels than there is memory, so this is asked before the browser is.
 *
 * @throws Error when the bytes are of no kind of picture that is known
 */
export function statedSize(bytes: Uint8Array): { width: number; height: number } {
  const { width, height } = imageSize(bytes);
  return { width, height };
}
