// The chunks that a PNG file is made of.
// Source: W3C, PNG (Third Edition), section 5.3.

export const SIGNATURE_END = 8;

/** A part of a PNG file. */
export interface Chunk {
  type: string;
  data: Uint8Array;
  /** With its length, type and checksum. */
  whole: Uint8Array;
}

/** More than any picture has; a chunk may be so small that those of one file would fill the memory. */
const MAX_CHUNKS = 100_000;

/**
 * The chunks of a file up to its end chunk; what follows that is no part of it.
 *
 * @throws Error when the file is cut off, or has more chunks than any picture
 */
export function chunksOf(
  bytes: Uint8Array,
  view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE_END; chunks.at(-1)?.type !== 'IEND'; ) {
    const end = at + 12 <= bytes.length ? at + 12 + view.getUint32(at) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) throw new Error('it is cut off');
    if (chunks.length === MAX_CHUNKS) throw new Error(`it has more than ${MAX_CHUNKS} chunks`);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    chunks.push({ type, data: bytes.subarray(at + 8, end - 4), whole: bytes.subarray(at, end) });
    at = end;
  }
  return chunks;
}

/** Unsigned numbers of 32 bits, as PNG files have them. */
export function numbers(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  for (const [i, value] of values.entries()) new DataView(bytes.buffer).setUint32(4 * i, value);
  return bytes;
}

/** A chunk with its length, type and checksum. */
export function chunk(type: string, data: Uint8Array): Uint8Array {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([numbers(data.length), named, numbers(checksum(named))]);
}

/** CRC-32, as PNG files have it. */
function checksum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 0xff]!;
  return ~crc >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  return value;
});
