import { read } from 'ktx-parse';
import { expect, it, vi } from 'vitest';
import { encodeKtx2 } from './encodeKtx2.ts';

const SIZE = 64;
const image = (channels: 3 | 4) => ({
  width: SIZE,
  height: SIZE / 2,
  channels,
  pixels: Uint8Array.from({ length: (SIZE * SIZE * channels) / 2 }, (_, i) => (i * 7) % 256),
});

/** Fields of the header, which the KTX 2.0 specification lays down in section 3. */
function header(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const word = (index: number) => view.getUint32(12 + 4 * index, true);
  const descriptor = word(9);
  return {
    identifier: String.fromCharCode(...bytes.subarray(1, 7)),
    vkFormat: word(0), // 0: Basis Universal
    widthPx: word(2),
    heightPx: word(3),
    numLevels: word(7),
    supercompression: word(8), // 2: Zstandard
    transfer: bytes[descriptor + 4 + 10], // 1: linear, 2: sRGB
  };
}

it('keeps texts of any length, as a library reads them again', async () => {
  for (const length of [1, 123, 124, 150, 35_000]) {
    const text = 'ä'.repeat(length);
    const { keyValue } = read(await encodeKtx2(image(3), 'albedo', { figment: text }));
    expect(new TextDecoder().decode(keyValue.figment as Uint8Array)).toBe(`${text}\0`);
  }
});

it('makes KTX2 files with mip levels, colours as sRGB and maps as numbers, without a word', async () => {
  const log = vi.spyOn(console, 'log');
  const picture = await encodeKtx2(image(4), 'picture', { figment: '{"seed":7}' });
  const normal = await encodeKtx2(image(3), 'normal', {});
  const common = { identifier: 'KTX 20', vkFormat: 0, widthPx: 64, heightPx: 32, numLevels: 7, supercompression: 2 };
  expect(header(picture)).toEqual({ ...common, transfer: 2 });
  expect(header(normal)).toEqual({ ...common, transfer: 1 });
  expect(Buffer.from(picture).includes('{"seed":7}')).toBe(true);
  expect(log).not.toHaveBeenCalled();
  console.log('and leaves the console as it was');
  expect(log).toHaveBeenCalledTimes(1);
  expect(await encodeKtx2(image(4), 'picture', { figment: '{"seed":7}' })).toEqual(picture);
});

/** The part of the encoder's module that reads files, which its package does not type. */
interface Basis {
  initializeBasis(): void;
  KTX2File: new (
    bytes: Uint8Array,
  ) => {
    startTranscoding(): void;
    getImageTranscodedSizeInBytes(level: number, layer: number, face: number, format: number): number;
    transcodeImage(into: Uint8Array, ...what: number[]): void;
    delete(): void;
  };
}

const RGBA = 13; // Basis Universal's number

/** The mean of red in a mip level. */
async function meanOf(bytes: Uint8Array, level: number): Promise<number> {
  const path = new URL('../../node_modules/ktx2-encoder/dist/basis/basis_encoder.js', import.meta.url);
  const { default: load }: { default: () => Promise<Basis> } = await import(path.href);
  const basis = await load();
  basis.initializeBasis();
  const file = new basis.KTX2File(new Uint8Array(bytes));
  file.startTranscoding();
  const pixels = new Uint8Array(file.getImageTranscodedSizeInBytes(level, 0, 0, RGBA));
  file.transcodeImage(pixels, level, 0, 0, RGBA, 0, -1, -1);
  file.delete();
  return pixels.reduce((sum, value, i) => sum + (i % 4 === 0 ? value : 0), 0) / (pixels.length / 4);
}

it('averages maps in mip levels as the numbers that they are, and colours as light', async () => {
  const isWhite = (i: number) => (Math.floor(i / 3) + Math.floor(i / (3 * SIZE))) % 2 === 1;
  const pixels = Uint8Array.from({ length: 3 * SIZE * SIZE }, (_, i) => (isWhite(i) ? 255 : 0));
  const chequered = { width: SIZE, height: SIZE, channels: 3 as const, pixels };
  for (const layer of ['orm', 'roughness', 'height', 'normal'] as const) {
    const mean = await meanOf(await encodeKtx2(chequered, layer, {}), 2);
    expect(Math.abs(mean - 127.5), layer).toBeLessThan(2);
  }
  expect(await meanOf(await encodeKtx2(chequered, 'albedo', {}), 2)).toBeGreaterThan(180);
});
