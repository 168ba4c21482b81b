/** PNG files ↔ 8-bit RGB or RGBA pixels, over fast-png. */
import { deflateSync, inflateSync } from 'node:zlib';
import { convertIndexedToRgb, type DecodedPng, decode, encode } from 'fast-png';
import { isPng, statedPngSize } from '../../runtime/core/pngHeader.ts';
import type { NumChannels, PixelImage } from '../../runtime/index.ts';
import { type Chunk, chunk, chunksOf, SIGNATURE_END } from './pngChunks.ts';
import { paethRows, plainRows } from './pngRows.ts';

export interface PngImage extends PixelImage {
  pixels: Uint8Array<ArrayBuffer>;
}

export interface EncodePngOptions extends PixelImage {
  /**
   * Stored as tEXt chunks, keyword → text. Characters outside printable ASCII are written as \uXXXX, which leaves JSON
   * the same JSON.
   */
  text?: Record<string, string>;
}

export interface DecodePngOptions {
  /** Pictures that are larger, and larger than 16 pixels for each byte of their file, are refused. */
  maxPixels?: number;
}

export const DECODE_PNG_DEFAULTS: Required<DecodePngOptions> = { maxPixels: 2 ** 24 };

/** For a picture that is known to be of so many pixels: one of another size is read, too, as far as it usually is. */
export function roomFor(numPixels: number): DecodePngOptions {
  return { maxPixels: Math.max(numPixels, DECODE_PNG_DEFAULTS.maxPixels) };
}

/**
 * Decodes a PNG of any kind: palettes, greys, 16 bits a sample and tRNS become 8-bit RGB, or RGBA when the file has
 * transparency.
 *
 * @param fileName stands in the error message
 * @throws         Error when the file is damaged, no PNG, or so large that it is refused
 */
export function decodePng(bytes: Uint8Array, fileName = 'PNG', options: DecodePngOptions = {}): PngImage {
  const png = parse(bytes, fileName, options);
  try {
    const { width, height } = png;
    // A picture in true colour may carry a palette too, as a hint for old displays.
    const isIndexed = bytes[COLOUR_TYPE_BYTE] === PALETTE_TYPE;
    const pixels = isIndexed ? convertIndexedToRgb(png) : spread(png);
    const channels = (pixels.length / (width * height)) as NumChannels;
    return { width, height, channels, pixels };
  } catch (error) {
    throw damaged(fileName, error);
  }
}

/**
 * Encodes pixels as an 8-bit PNG: with rows as they are or filtered, whichever packs into fewer bytes.
 *
 * @throws Error when the bytes do not fit the size, or a keyword is not 1 to 79 characters of Latin-1
 */
export function encodePng({ width, height, channels, pixels, text }: EncodePngOptions): Uint8Array {
  if (pixels.length !== width * height * channels) {
    const size = `${width}x${height} pixels of ${channels} channels`;
    throw new RangeError(
      `encodePng: there are ${pixels.length} bytes; expected ${width * height * channels} for ${size}`,
    );
  }
  const png = encode(
    { width, height, channels, data: pixels, text: text && escapeValues(text) },
    { zlib: { level: 0 } },
  );
  return withData(png, smallest([plainRows, paethRows].map((rows) => pack(rows(pixels, width * channels, channels)))));
}

const pack = (rows: Uint8Array) => deflateSync(rows, { level: 9 });

const smallest = (packed: readonly Uint8Array[]) => packed.reduce((a, b) => (b.length < a.length ? b : a));

/** The file with other data for its pixels. */
function withData(png: Uint8Array, data: Uint8Array): Uint8Array {
  const chunks = chunksOf(png).map(({ type, whole }) => (type === 'IDAT' ? chunk(type, data) : whole));
  return new Uint8Array(Buffer.concat([png.subarray(0, SIGNATURE_END), ...chunks]));
}

/** The tEXt chunks of a PNG, keyword → text as it is stored; `JSON.parse` undoes the escapes of `encodePng`. */
export function readPngText(bytes: Uint8Array, fileName = 'PNG'): Record<string, string> {
  return parse(bytes, fileName).text;
}

function parse(bytes: Uint8Array, fileName: string, options: DecodePngOptions = {}): DecodedPng {
  checkSize(bytes, fileName, { ...DECODE_PNG_DEFAULTS, ...options });
  try {
    const png = decode(withoutTraps(bytes), { checkCrc: true });
    if (png.width < 1 || png.height < 1) throw new Error(`its size is ${png.width}x${png.height}`);
    if (bytes[COLOUR_TYPE_BYTE] === PALETTE_TYPE && !png.palette) throw new Error('its palette is missing');
    return png;
  } catch (error) {
    throw damaged(fileName, error);
  }
}

// Offsets in the header chunk, which comes first.
const WIDTH_BYTE = 16;
const HEIGHT_BYTE = 20;
const DEPTH_BYTE = 24;
const COLOUR_TYPE_BYTE = 25;
const INTERLACE_BYTE = 28;
const HEADER_END = 33;
const PALETTE_TYPE = 3;
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** A picture has at most so many pixels for each byte of its file, whatever its size. */
const PIXELS_A_BYTE = 16;
/** The most that deflate packs into a byte. */
const MAX_INFLATION = 1032;
const HARMLESS_BYTES = 2 ** 26;

/** @throws Error for a picture that is too large, which may be a good one otherwise */
function checkSize(bytes: Uint8Array, fileName: string, { maxPixels }: Required<DecodePngOptions>): void {
  const { width, height } = statedPngSize(bytes) ?? { width: 0, height: 0 };
  const most = Math.max(maxPixels, PIXELS_A_BYTE * bytes.length);
  if (width * height <= most) return;
  throw new Error(
    `decodePng: ${fileName} is ${width}x${height}; expected at most ${most} pixels; make it smaller, or split it`,
  );
}

/**
 * The file without its colour profile, which may inflate to anything and is not used, after making sure that its data take no
 * more memory than a picture of its size does, and that fast-png does not take it for another kind.
 *
 * @throws Error saying what is too large, or cannot be read
 */
function withoutTraps(bytes: Uint8Array): Uint8Array {
  if (bytes.length < HEADER_END) return bytes;
  if (!isPng(bytes)) throw new Error('it does not begin as a PNG file does');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height] = [view.getUint32(WIDTH_BYTE), view.getUint32(HEIGHT_BYTE)];
  const chunks = chunksOf(bytes, view);
  const isFirst = ({ type }: Chunk, i: number) => (type === 'IHDR') === (i === 0);
  if (!chunks.every(isFirst)) throw new Error('its header is not its first chunk, or there are several');
  const isInterlaced = bytes[INTERLACE_BYTE] === 1;
  if (isInterlaced && bytes[DEPTH_BYTE]! < 8) {
    throw new Error(
      'it is interlaced with less than 8 bits a sample, which cannot be read; save it without interlacing',
    );
  }
  const colourType = bytes[COLOUR_TYPE_BYTE]!;
  const transparency = colourType === PALETTE_TYPE ? 256 : 6;
  for (const { type, data } of chunks) {
    if (type === 'PLTE' && data.length > 3 * 256) throw new Error('its palette has more than 256 colours');
    if (type === 'tRNS' && data.length > transparency) throw new Error('its transparency is of the wrong length');
  }
  const rowBits = width * bytes[DEPTH_BYTE]! * (CHANNELS[colourType] ?? 4);
  checkInflation(chunks, height * (Math.ceil(rowBits / 8) + 1), isInterlaced);
  const kept = chunks.filter(({ type }) => type !== 'iCCP').map(({ whole }) => whole);
  return kept.length === chunks.length ? bytes : Buffer.concat([bytes.subarray(0, SIGNATURE_END), ...kept]);
}

/** @param sizeBytes of the picture's data; interlacing splits rows, each of which has one byte more */
function checkInflation(chunks: readonly Chunk[], sizeBytes: number, isInterlaced: boolean): void {
  const data = chunks.filter(({ type }) => type === 'IDAT').map((chunk) => chunk.data);
  const packed = data.reduce((sum, { length }) => sum + length, 0);
  if (packed * MAX_INFLATION <= HARMLESS_BYTES) return;
  try {
    inflateSync(Buffer.concat(data), { maxOutputLength: isInterlaced ? 3 * sizeBytes + 1024 : sizeBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') return; // the decoder says what is wrong
    throw new Error(`its data are more than the ${sizeBytes} bytes of its size`);
  }
}

function damaged(fileName: string, error: unknown): Error {
  const reason = error instanceof Error ? error.message : String(error);
  return new Error(`decodePng: ${fileName} is damaged or not a PNG: ${reason}`, { cause: error });
}

/** Grey and 16-bit samples, and the one transparent colour of a tRNS chunk, as 8-bit RGB or RGBA. */
function spread(png: DecodedPng): Uint8Array<ArrayBuffer> {
  const { width, height, channels, depth, transparency } = png;
  if (depth === 8 && channels >= 3 && !transparency) return new Uint8Array(png.data);
  const samples = depth < 8 ? unpackBits(png) : png.data;
  const max = 2 ** depth - 1;
  const numColours = channels >= 3 ? 3 : 1;
  const hasAlpha = channels % 2 === 0;
  const numOut = hasAlpha || transparency ? 4 : 3;
  const out = new Uint8Array(width * height * numOut);
  for (let from = 0, to = 0; to < out.length; from += channels, to += numOut) {
    for (let c = 0; c < 3; c++) out[to + c] = toByte(samples[from + (numColours === 3 ? c : 0)]!, max);
    if (hasAlpha) out[to + 3] = toByte(samples[from + numColours]!, max);
    else if (transparency) out[to + 3] = transparency.every((value, c) => samples[from + c] === value) ? 0 : 255;
  }
  return out;
}

function toByte(sample: number, max: number): number {
  return Math.round((sample * 255) / max);
}

/** One sample an element, from rows packed with 1, 2 or 4 bits a sample. */
function unpackBits({ data, width, height, depth }: DecodedPng): Uint8Array {
  const rowBytes = Math.ceil((width * depth) / 8);
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = data[y * rowBytes + (bit >> 3)]!;
      out[y * width + x] = (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
    }
  }
  return out;
}

function escapeValues(text: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(text).map(([keyword, value]) => [keyword, escapeNonAscii(value)]));
}

function escapeNonAscii(value: string): string {
  return value.replace(/[^\n\t\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
