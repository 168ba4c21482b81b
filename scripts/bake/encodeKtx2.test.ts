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
