/** PNG files ↔ 8-bit RGB or RGBA pixels, over fast-png. */
import { convertIndexedToRgb, type DecodedPng, decode, encode } from 'fast-png';
import type { NumChannels, PixelImage } from '../../runtime/index.ts';

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

/**
 * Decodes a PNG of any kind: palettes, greys, 16 bits a sample and tRNS become 8-bit RGB, or RGBA when the file has
 * transparency.
 *
 * @param fileName stands in the error message
 * @throws         Error when the file is damaged, or no PNG
 */
export function decodePng(bytes: Uint8Array, fileName = 'PNG'): PngImage {
  const png = parse(bytes, fileName);
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
 * Encodes pixels as an 8-bit PNG.
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
  return encode({ width, height, channels, data: pixels, text: text && escapeValues(text) }, { zlib: { level: 9 } });
}

/** The tEXt chunks of a PNG, keyword → text as it is stored; `JSON.parse` undoes the escapes of `encodePng`. */
export function readPngText(bytes: Uint8Array, fileName = 'PNG'): Record<string, string> {
  return parse(bytes, fileName).text;
}

function parse(bytes: Uint8Array, fileName: string): DecodedPng {
  try {
    const png = decode(bytes, { checkCrc: true });
    if (png.width < 1 || png.height < 1) throw new Error(`its size is ${png.width}x${png.height}`);
    if (bytes[COLOUR_TYPE_BYTE] === PALETTE_TYPE && !png.palette) throw new Error('its palette is missing');
    if (png.depth < 8 && bytes[INTERLACE_BYTE] === 1) {
      throw new Error('it is interlaced with less than 8 bits a sample, which cannot be read');
    }
    return png;
  } catch (error) {
    throw damaged(fileName, error);
  }
}

// Offsets in the header chunk, which comes first.
const COLOUR_TYPE_BYTE = 25;
const INTERLACE_BYTE = 28;
const PALETTE_TYPE = 3;

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
