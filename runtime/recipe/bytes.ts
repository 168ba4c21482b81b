import { fromBase64, toBase64 } from '../core/base64.ts';

/** Bytes, or the same as base64, as saved recipes have them. */
export type PictureBytes = Uint8Array | Uint8ClampedArray | string;

/** A copy of the bytes; null when a text is no base64. */
export function decodeBytes(bytes: PictureBytes): Uint8Array | null {
  return typeof bytes === 'string' ? fromBase64(bytes) : Uint8Array.from(bytes);
}

/**
 * The image and mask of a recipe as base64, so that JSON can hold them. A recipe takes them in that form, too.
 *
 *   JSON.stringify({ ...texture.recipe, ...encodeEdit(texture.recipe) });
 */
export function encodeEdit({ image, mask }: { image?: PictureBytes; mask?: PictureBytes }): {
  image?: string;
  mask?: string;
} {
  const encoded = (bytes: PictureBytes) => (typeof bytes === 'string' ? bytes : toBase64(Uint8Array.from(bytes)));
  return { ...(image !== undefined && { image: encoded(image) }), ...(mask !== undefined && { mask: encoded(mask) }) };
}
