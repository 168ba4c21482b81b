// Tells PNG files from others, and reads how large their pictures are before anything is unpacked.
// Source: W3C, PNG (Third Edition), sections 5.2 and 11.2.1.

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

// Offsets in the header chunk, which comes first.
const WIDTH_BYTE = 16;
const HEIGHT_BYTE = 20;
const SIZE_END = 24;

/** Tells whether bytes are those of a PNG file, by the signature with which every such file begins. */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/** The size in pixels that a PNG file states before its picture; undefined where the bytes are no PNG. */
export function statedPngSize(bytes: Uint8Array): { width: number; height: number } | undefined {
  if (bytes.length < SIZE_END || !isPng(bytes)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { width: view.getUint32(WIDTH_BYTE), height: view.getUint32(HEIGHT_BYTE) };
}
