const CHUNK = 2 ** 15; // arguments of one call

/** Bytes as text, for JSON. */
export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += CHUNK) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(binary);
}

/** The most characters that bytes as text may have in model_index.json. */
export const MAX_STORED_LENGTH = 1_000_000;

/** So many bytes become that. */
export const MAX_STORED_BYTES = (MAX_STORED_LENGTH / 4) * 3;

/** The bytes again; null when the text is none of theirs. */
export function fromBase64(text: string): Uint8Array | null {
  try {
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i); // 20 times as fast as Uint8Array.from
    return bytes;
  } catch {
    return null;
  }
}

/**
 * Bytes as text, for model_index.json.
 *
 * @throws RangeError for more than is read again
 */
export function toStoredBase64(operation: string, bytes: Uint8Array): string {
  const text = toBase64(bytes);
  if (text.length <= MAX_STORED_LENGTH) return text;
  throw new RangeError(
    `${operation}: ${text.length} characters; expected at most ${MAX_STORED_LENGTH}, by fewer labels and words`,
  );
}
