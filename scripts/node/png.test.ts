import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodePng, encodePng, readPngText } from './png.ts';

// PNG by hand, as W3C PNG (third edition) lays it out: the oracle for both directions.
const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

interface RawPng {
  width: number;
  height: number;
  depth: number;
  colourType: number;
  /** Rows with their filter byte in front. */
  rows: number[];
  palette?: number[];
  transparency?: number[];
  interlace?: number;
}

function write({ width, height, depth, colourType, rows, palette, transparency, interlace = 0 }: RawPng): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([depth, colourType, 0, 0, interlace], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    ...(palette ? [chunk('PLTE', Uint8Array.from(palette))] : []),
    ...(transparency ? [chunk('tRNS', Uint8Array.from(transparency))] : []),
    chunk('IDAT', deflateSync(Uint8Array.from(rows))),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

/** Chunks of a PNG, type and data. */
function chunksOf(png: Uint8Array): [string, Buffer][] {
  const bytes = Buffer.from(png);
  expect(bytes.subarray(0, 8)).toEqual(SIGNATURE);
  const chunks: [string, Buffer][] = [];
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const body = bytes.subarray(at + 4, at + 8 + length);
    expect(bytes.readUInt32BE(at + 8 + length)).toBe(crc32(body));
    chunks.push([body.toString('latin1', 0, 4), body.subarray(4)]);
    at += length + 12;
  }
  return chunks;
}

describe('decodePng', () => {
  it.each<[string, RawPng, 3 | 4, number[]]>([
    [
      'RGBA, rows filtered by Sub and Up',
      { width: 2, height: 2, depth: 8, colourType: 6, rows: [1, 9, 8, 7, 6, 1, 1, 1, 1, 2, 0, 0, 0, 4, 10, 0, 0, 0] },
      4,
      [9, 8, 7, 6, 10, 9, 8, 7, 9, 8, 7, 10, 20, 9, 8, 7],
    ],
    ['RGB', { width: 1, height: 1, depth: 8, colourType: 2, rows: [0, 1, 2, 3] }, 3, [1, 2, 3]],
    [
      'RGB that suggests a palette',
      { width: 1, height: 1, depth: 8, colourType: 2, rows: [0, 1, 2, 3], palette: [9, 9, 9] },
      3,
      [1, 2, 3],
    ],
    ['grey', { width: 2, height: 1, depth: 8, colourType: 0, rows: [0, 7, 255] }, 3, [7, 7, 7, 255, 255, 255]],
    ['grey and alpha', { width: 1, height: 1, depth: 8, colourType: 4, rows: [0, 7, 99] }, 4, [7, 7, 7, 99]],
    [
      'grey, 2 bits, in rows that end inside a byte',
      { width: 3, height: 2, depth: 2, colourType: 0, rows: [0, 0b00_01_10_00, 0, 0b11_00_11_00] },
      3,
      [0, 85, 170, 255, 0, 255].flatMap((grey) => [grey, grey, grey]),
    ],
    [
      'grey, 1 bit, with a transparent value',
      { width: 2, height: 1, depth: 1, colourType: 0, rows: [0, 0b01_000000], transparency: [0, 1] },
      4,
      [0, 0, 0, 255, 255, 255, 255, 0],
    ],
    [
      'RGB, 16 bits, with a transparent colour',
      {
        width: 3,
        height: 1,
        depth: 16,
        colourType: 2,
        rows: [0, 0x80, 0x80, 0xff, 0xff, 0, 0, 0, 1, 0, 2, 0, 3, 0, 1, 0, 2, 0, 2],
        transparency: [0, 1, 0, 2, 0, 3],
      },
      4,
      [128, 255, 0, 255, 0, 0, 0, 0, 0, 0, 0, 255],
    ],
    [
      'palette, 4 bits',
      { width: 3, height: 1, depth: 4, colourType: 3, rows: [0, 0x10, 0x10], palette: [1, 2, 3, 4, 5, 6] },
      3,
      [4, 5, 6, 1, 2, 3, 4, 5, 6],
    ],
    [
      'palette, 8 bits, with alpha for its first colour',
      {
        width: 2,
        height: 1,
        depth: 8,
        colourType: 3,
        rows: [0, 1, 0],
        palette: [1, 2, 3, 4, 5, 6],
        transparency: [77],
      },
      4,
      [4, 5, 6, 255, 1, 2, 3, 77],
    ],
  ])('reads %s', (_, raw, channels, pixels) => {
    const image = decodePng(write(raw));
    expect([image.width, image.height, image.channels]).toEqual([raw.width, raw.height, channels]);
    expect([...image.pixels]).toEqual(pixels);
  });

  it('reads bytes that lie inside a larger buffer', () => {
    const png = write({ width: 1, height: 1, depth: 8, colourType: 2, rows: [0, 1, 2, 3] });
    const inside = Buffer.concat([Buffer.alloc(13), png, Buffer.alloc(5)]).subarray(13, 13 + png.length);
    expect([...decodePng(inside).pixels]).toEqual([1, 2, 3]);
  });

  const good = write({
    width: 2,
    height: 2,
    depth: 8,
    colourType: 2,
    rows: [0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6],
  });
  const flipped = Buffer.from(good);
  flipped[44]! ^= 0x10;

  it.each([
    ['empty', new Uint8Array(0)],
    ['text', Buffer.from('this is no picture at all')],
    ['cut off in the header', good.subarray(0, 20)],
    ['cut off in the pixels', good.subarray(0, good.length - 20)],
    ['with a flipped bit', flipped],
    ['lacking rows', write({ width: 2, height: 3, depth: 8, colourType: 2, rows: [0, 1, 2, 3, 4, 5, 6] })],
    [
      'with a colour beyond its palette',
      write({ width: 1, height: 1, depth: 8, colourType: 3, rows: [0, 9], palette: [1, 2, 3] }),
    ],
    ['without its palette', write({ width: 1, height: 1, depth: 8, colourType: 3, rows: [0, 0] })],
    ['of no size', write({ width: 0, height: 1, depth: 8, colourType: 2, rows: [0] })],
  ])('names the file that is damaged: %s', (_, bytes) => {
    expect(() => decodePng(bytes, 'faces/elf.png')).toThrow(/^decodePng: faces\/elf.png is damaged or not a PNG: ./);
  });

  it.each([
    [1, [0, 128]],
    [9, [0, 0, 128, 0, 128, 0, 128, 0, 128, 0, 128, 0, 128, 0, 128, 0, 128, 0, 128]], // as rows of seven passes are
  ])('says that it cannot read interlaced bits, of %i rows', (height, rows) => {
    const png = write({ width: 1, height, depth: 1, colourType: 0, rows, interlace: 1 });
    expect(() => decodePng(png, 'elf.png')).toThrow(/it is interlaced .* save it without interlacing$/);
  });
});

describe('a PNG that is a trap', () => {
  const row = { depth: 8, colourType: 6, rows: [0, 0, 0, 0, 0] };
  const header = (width: number, height: number) => write({ ...row, width, height }).subarray(8, 33);
  const bomb = deflateSync(Buffer.alloc(2 ** 27));
  const profile = chunk('iCCP', Buffer.concat([Buffer.from('p\0\0'), bomb]));

  it.each<[string, Uint8Array, RegExp]>([
    ['is a JPEG', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, ...new Uint8Array(60)), /does not begin as a PNG file does/],
    [
      'states a size that its bytes cannot have',
      write({ ...row, width: 30_000, height: 10_000 }),
      /^decodePng: trap\.png is 30000x10000; .* at most 16777216 pixels; make it smaller, or split it$/,
    ],
    [
      'inflates to more than its size',
      Buffer.concat([SIGNATURE, header(1, 1), chunk('IDAT', bomb), chunk('IEND', Buffer.of())]),
      /more than the 5 bytes/,
    ],
    [
      'has a second header',
      Buffer.concat([SIGNATURE, header(1, 1), header(30_000, 30_000), chunk('IEND', Buffer.of())]),
      /header is not its first chunk, or there are several/,
    ],
    [
      'has an endless palette',
      write({ ...row, width: 1, height: 1, palette: new Array(3000).fill(1) }),
      /more than 256 colours/,
    ],
    [
      'has an endless transparent colour',
      write({ ...row, colourType: 2, width: 1, height: 1, transparency: new Array(300).fill(0) }),
      /transparency is of the wrong length/,
    ],
  ])('%s', (_, bytes, problem) => {
    const before = process.cpuUsage();
    expect(() => decodePng(bytes, 'trap.png')).toThrow(problem);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000); // ms
  });

  it('has a colour profile that is never unpacked', () => {
    const png = write({ ...row, width: 1, height: 1 });
    expect(decodePng(Buffer.concat([png.subarray(0, 33), profile, png.subarray(33)])).pixels).toEqual(
      new Uint8Array(4),
    );
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['ends within its colour profile', profile.subarray(0, profile.length - 4), /: it is cut off$/],
    ['has chunks without number', Buffer.alloc(12 * 100_001, chunk('tIME', Buffer.of())), /more than 100000 chunks/],
  ])('%s', (_, chunks, problem) => {
    expect(() => decodePng(Buffer.concat([SIGNATURE, header(1, 1), chunks]))).toThrow(problem);
  });

  it('may be followed by what is no part of it', () => {
    const png = write({ ...row, width: 1, height: 1 });
    expect(decodePng(Buffer.concat([png, Buffer.from('a program has left this')])).pixels).toEqual(new Uint8Array(4));
  });

  it('is read when the limit allows it, or its file is as large as its pixels want', () => {
    const wide = encodePng({ width: 300, height: 2, channels: 3, pixels: new Uint8Array(1800) });
    expect(() => decodePng(wide, 'wide.png', { maxPixels: 100 })).not.toThrow();
    expect(() => decodePng(wide.subarray(0, 33), 'cut.png', { maxPixels: 10 })).toThrow('at most 528 pixels');
  });
});

describe('encodePng', () => {
  it.each([
    [3, 2],
    [4, 6],
  ] as const)('writes %i channels as colour type %i', (channels, colourType) => {
    const pixels = Uint8Array.from({ length: 3 * 2 * channels }, (_, i) => (i * 37) % 256);
    const png = encodePng({ width: 3, height: 2, channels, pixels });
    const chunks = new Map(chunksOf(png));
    expect([...chunks.get('IHDR')!]).toEqual([0, 0, 0, 3, 0, 0, 0, 2, 8, colourType, 0, 0, 0]);
    const rows = inflateSync(chunks.get('IDAT')!);
    expect(rows).toHaveLength(2 * (1 + 3 * channels));
    expect(decodePng(png)).toEqual({ width: 3, height: 2, channels, pixels });
  });

  it.each([
    ['flat colours, as they are', (i: number) => 80 * (Math.floor((Math.floor(i / 3) % 64) / 8) % 2), 0],
    ['a slope, filtered', (i: number) => 2 * (Math.floor(i / 3) % 64) + Math.floor(i / 192), 4],
  ])('packs %s', (_, value, filter) => {
    const pixels = Uint8Array.from({ length: 3 * 64 * 64 }, (_, i) => value(i));
    const png = encodePng({ width: 64, height: 64, channels: 3, pixels });
    expect(inflateSync(new Map(chunksOf(png)).get('IDAT')!)[0]).toBe(filter);
    expect(decodePng(png).pixels).toEqual(pixels);
  });

  const onePixel = { width: 1, height: 1, channels: 3, pixels: new Uint8Array(3) } as const;

  it('keeps JSON with any characters, in ASCII', () => {
    const recipe = { label: 'Łucja é 精灵 🧝 \u0085 "quoted" \\ back', line: 'a\nb' };
    const png = encodePng({ ...onePixel, text: { figment: JSON.stringify(recipe, null, 2), Software: 'Figment' } });
    const stored = chunksOf(png).filter(([type]) => type === 'tEXt');
    expect(stored[1]![1].toString('latin1')).toBe('Software\0Figment');
    expect(stored[0]![1].toString('latin1').slice(8)).toMatch(/^[\n\x20-\x7e]+$/);
    const text = readPngText(png);
    expect(JSON.parse(text.figment!)).toEqual(recipe);
    expect(text.Software).toBe('Figment');
  });

  it('has no text when none is given', () => {
    expect(readPngText(encodePng(onePixel))).toEqual({});
    expect(() => readPngText(Buffer.from('no'), 'a.png')).toThrow(/a\.png is damaged or not a PNG/);
  });

  it('refuses bytes that do not fit', () => {
    expect(() => encodePng({ ...onePixel, channels: 4 })).toThrow(/there are 3 bytes; expected 4 for 1x1 pixels/);
  });
});
