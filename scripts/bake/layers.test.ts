import { describe, expect, it } from 'vitest';
import { enlargedSettings, pixelArt, surfaceMaps, surfaceSettings } from '../../runtime/index.ts';
import type { Look } from './bakePlan.ts';
import { layerImages } from './layers.ts';

const [WIDTH, HEIGHT] = [6, 4];
const pixels = Uint8Array.from({ length: WIDTH * HEIGHT * 4 }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 256));
const look = { widthPx: WIDTH, heightPx: HEIGHT, enlarge: 3, surface: { depthPx: 2 } } as unknown as Look;

/** The texel of a picture. */
function texel(
  { pixels, width, channels }: { pixels: ArrayLike<number>; width: number; channels: number },
  x: number,
  y: number,
) {
  return Array.from({ length: channels }, (_, c) => pixels[(y * width + x) * channels + c]);
}

describe('layerImages', () => {
  const images = layerImages({ pixels, maps: null }, look, 'brick', ['albedo', 'normal', 'height', 'orm']);
  const maps = surfaceMaps(pixels, WIDTH, HEIGHT, { label: 'brick', depthPx: 2 });

  it('enlarges the picture and its maps, each texel to a block', () => {
    for (const [x, y] of [
      [0, 0],
      [17, 11],
      [7, 5],
    ] as const) {
      const [smallX, smallY] = [Math.floor(x / 3), Math.floor(y / 3)];
      const small = { pixels, width: WIDTH, channels: 4 };
      expect(texel(images.get('albedo')!, x, y)).toEqual(texel(small, smallX, smallY));
      expect(texel(images.get('normal')!, x, y)).toEqual(texel(maps.normal, smallX, smallY));
      expect(texel(images.get('orm')!, x, y)).toEqual(texel(maps.orm, smallX, smallY));
      const [grey] = texel(maps.height, smallX, smallY);
      expect(texel(images.get('height')!, x, y)).toEqual([grey, grey, grey]);
    }
    for (const image of images.values()) expect([image.width, image.height]).toEqual([18, 12]);
  });

  it('fits the picture to a pixel-art game first, and makes the maps of that', () => {
    const art = { palette: ['#102030', '#c0a080'], factor: 2, wraps: true } as const;
    const images = layerImages({ pixels, maps: null }, { ...look, enlarge: 1, pixelArt: art }, 'brick', [
      'albedo',
      'normal',
    ]);
    const expected = pixelArt(pixels, WIDTH, HEIGHT, art);
    expect(images.get('albedo')).toEqual(expected);
    const settings = enlargedSettings(surfaceSettings({ label: 'brick', depthPx: 2 }), 2);
    const { normal } = surfaceMaps(expected.pixels, 2 * WIDTH, 2 * HEIGHT, settings);
    expect(images.get('normal')).toMatchObject({ width: 12, height: 8, pixels: normal.pixels });
    const deep = {
      ...look,
      enlarge: 1,
      pixelArt: { ...art, factor: 4 as const },
      surface: { depthPx: 20, radiusPx: 20 },
    };
    expect(layerImages({ pixels, maps: null }, deep, 'brick', ['normal']).get('normal')).toMatchObject({ width: 24 });
  });

  it('takes the maps that were generated with the picture, as large as a pixel-art game needs them', () => {
    const generated = { pixels, maps: pixels.map((value, i) => (i % 4 === 3 ? 255 : 255 - value)) };
    const plain = layerImages(generated, look, 'brick', ['height', 'normal']);
    const expected = surfaceMaps(pixels, WIDTH, HEIGHT, { label: 'brick', depthPx: 2 }, generated.maps);
    expect(texel(plain.get('height')!, 7, 5)).toEqual(new Array(3).fill(generated.maps[4 * (WIDTH + 2)]));
    expect(texel(plain.get('normal')!, 7, 5)).toEqual(texel(expected.normal, 2, 1));
    const art = { palette: ['#102030', '#c0a080'], factor: 2, wraps: true } as const;
    const twice = layerImages(generated, { ...look, enlarge: 1, pixelArt: art }, 'brick', ['metallic', 'roughness']);
    expect(twice.get('metallic')).toMatchObject({ width: 2 * WIDTH, height: 2 * HEIGHT });
    expect(texel(twice.get('metallic')!, 5, 3)).toEqual(new Array(3).fill(generated.maps[4 * (WIDTH + 2) + 2]));
  });

  it('puts the height into the alpha of the normal map for parallax', () => {
    const normal = layerImages({ pixels, maps: null }, { ...look, parallax: 'offset' }, 'brick', ['normal']).get(
      'normal',
    )!;
    expect(normal.channels).toBe(4);
    const [grey] = texel(maps.height, 2, 1);
    expect(texel(normal, 7, 5)).toEqual([...texel(maps.normal, 2, 1), grey]);
  });

  it("takes the settings of the label's material", () => {
    const flat = layerImages({ pixels, maps: null }, { ...look, surface: { depthPx: 0 } }, 'brick', ['normal']).get(
      'normal',
    )!;
    expect(new Set(Array.from({ length: 18 }, (_, x) => texel(flat, x, 3).join()))).toEqual(new Set(['128,128,255']));
    const rough = (label: string) =>
      texel(layerImages({ pixels, maps: null }, look, label, ['orm']).get('orm')!, 0, 0)[1]!;
    expect(rough('brick')).toBeGreaterThan(rough('marble') + 50);
  });
});
