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

const CHUNK = 2 ** 15; // arguments of one call

/** Bytes as text, for JSON. */
export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += CHUNK) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(binary);
}

/** The bytes again; null when the text is none of theirs. */
export function fromBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
