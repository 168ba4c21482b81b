import { expect, it } from 'vitest';
import { PixelPicture } from './pixelPicture.ts';

const pixels = Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 255);

it.each([null, Uint8Array.of(7, 8, 9, 255, 10, 11, 12, 255)])(
  'comes back from a store with its maps: %s',
  async (maps) => {
    const picture = new PixelPicture({ pixels, maps }, 2, 1);
    expect([picture.hasMaps, picture.sizeBytes]).toEqual([maps !== null, maps ? 16 : 8]);
    expect(PixelPicture.FromBytes(picture.toBytes(), 2, 1)).toEqual(picture);
    expect(await picture.readPixelsAsync()).toEqual(pixels);
  },
);
