import { describe, expect, it } from 'vitest';
import { type ImageSize, imageSize, type TileSize } from './imageSize.ts';

const TILES: TileSize = { name: 'textures', widthPx: 64, heightPx: 32, circularPadding: true };

describe('imageSize', () => {
  it.each<[ImageSize, number[]]>([
    [{}, [64, 32]],
    [{ widthPx: 512 }, [512, 32]],
    [{ heightPx: 96 }, [64, 96]],
    [{ widthPx: 1024, heightPx: 1024 }, [1024, 1024]],
    [{ widthPx: 2048, heightPx: 512 }, [2048, 512]],
  ])('%j of a model whose pictures repeat is %j', (asked, size) => {
    expect(imageSize(TILES, asked)).toEqual(size);
  });

  it.each<[ImageSize, RegExp]>([
    [{ widthPx: 100 }, /the size is 100×32; expected multiples of textures's tile of 64×32, as 128×32/],
    [{ heightPx: 0 }, /the size is 64×0; expected multiples/],
    [{ heightPx: -32 }, /expected multiples/],
    [{ widthPx: 64.5 }, /expected multiples/],
    [{ widthPx: Number.NaN }, /expected multiples/],
    [{ widthPx: 4096 }, /at most 2048 a side and 1048576 pixels in all/],
    [{ widthPx: 2048, heightPx: 2048 }, /at most 2048 a side/],
  ])('refuses %j', (asked, message) => {
    expect(() => imageSize(TILES, asked)).toThrow(message);
    expect(() => imageSize(TILES, asked)).toThrow(RangeError);
  });

  it('of any other model is its own', () => {
    const portraits = { name: 'portraits', widthPx: 32, heightPx: 32, circularPadding: false };
    expect(imageSize(portraits, { widthPx: 32 })).toEqual([32, 32]);
    expect(() => imageSize(portraits, { widthPx: 64 })).toThrow(
      'generate: the size is 64×32, but portraits makes 32×32 alone: only a model with circular padding makes others',
    );
  });
});
