import { describe, expect, it } from 'vitest';
import { expectClose } from '../testing/matchers.ts';
import { rollImage } from '../testing/roll.ts';
import { BRICK_HEIGHT_PX, BRICK_WIDTH_PX, brickPixels } from '../testing/tinyDataset.ts';
import { ambientOcclusionMap } from './ambientOcclusion.ts';
import { cavityMap } from './cavity.ts';
import { enlargedSettings, GENERIC_MATERIAL, MATERIAL_LABELS, materialSettings } from './materialSettings.ts';
import { normalMap } from './normals.ts';
import { greyMap } from './plane.ts';
import { type SurfaceMaps, surfaceMaps } from './surfaceMaps.ts';

describe('the materials', () => {
  it('are those of the textures data set', () => {
    const labels =
      'brick concrete_plaster dirt_ground fabric grass_foliage gravel leather_fur marble metal paving roof stone tile water_liquid weave wood';
    expect([...MATERIAL_LABELS].sort()).toEqual(labels.split(' '));
  });

  it.each([...MATERIAL_LABELS, 'cheese', 'constructor', undefined])('%s has settings that all maps accept', (label) => {
    const maps = surfaceMaps(brickPixels('dark'), BRICK_WIDTH_PX, BRICK_HEIGHT_PX, { label });
    expect(new Set(maps.height.pixels).size).toBeGreaterThan(5);
  });

  it('differ where it matters, and are generic for others', () => {
    expect(materialSettings('metal').metallic).toBe(1);
    expect(materialSettings('marble').roughness).toBeLessThan(materialSettings('brick').roughness);
    expect(materialSettings('cheese')).toEqual(GENERIC_MATERIAL);
    expect(materialSettings()).toEqual(GENERIC_MATERIAL);
  });

  it('keep their slopes in a picture enlarged', () => {
    const { depthPx, reliefPx, radiusPx, roughness } = materialSettings('brick');
    const twice = enlargedSettings(materialSettings('brick'), 2);
    expect(twice).toMatchObject({ depthPx: 2 * depthPx, reliefPx: 2 * reliefPx, radiusPx: 2 * radiusPx, roughness });
  });
});

const [W, H] = [BRICK_WIDTH_PX, BRICK_HEIGHT_PX];
const CHANNELS = { height: 1, normal: 3, ambientOcclusion: 1, cavity: 1, roughness: 1, metallic: 1, orm: 3 };

describe('surfaceMaps', () => {
  it('makes every map, of the size of the picture', () => {
    const maps = surfaceMaps(brickPixels('dark'), W, H, { label: 'brick' });
    expect(Object.keys(maps)).toEqual(Object.keys(CHANNELS));
    for (const [name, channels] of Object.entries(CHANNELS)) {
      const map = maps[name as keyof SurfaceMaps];
      expect(map).toMatchObject({ width: W, height: H, channels });
      expect(map.pixels, name).toHaveLength(W * H * channels);
    }
  });

  it('packs occlusion, roughness and metal as red, green and blue', () => {
    const { orm, ambientOcclusion, roughness, metallic } = surfaceMaps(brickPixels('dark'), W, H, { label: 'metal' });
    for (const [channel, map] of [ambientOcclusion, roughness, metallic].entries()) {
      expect(orm.pixels.filter((_, i) => i % 3 === channel)).toEqual(map.pixels);
      expect(new Set(map.pixels).size, `channel ${channel}`).toBeGreaterThan(1);
    }
  });

  it('wraps: all maps rollValues with the picture', () => {
    const pixels = brickPixels('bright', 15);
    const maps = surfaceMaps(pixels, W, H, { label: 'brick' });
    const rolled = surfaceMaps(Uint8Array.from(rollImage(pixels, W, H, 8, 13)), W, H, { label: 'brick' });
    for (const name of Object.keys(CHANNELS) as (keyof SurfaceMaps)[]) {
      // Sums in another order may round a byte the other way.
      expectClose(rolled[name].pixels, rollImage(maps[name].pixels, W, H, 8, 13), { absolute: 1, relative: 0 }, name);
    }
  });

  it('of a plain picture are flat', () => {
    const maps = surfaceMaps(new Uint8Array(4 * 64).fill(200), 8, 8, { label: 'wood' });
    const only = (name: keyof SurfaceMaps) => [...new Set(maps[name].pixels)];
    expect([only('height'), only('cavity'), only('ambientOcclusion')]).toEqual([[128], [128], [255]]);
    expect(only('normal')).toEqual([128, 255]);
    expect(only('roughness')).toEqual([Math.round(255 * materialSettings('wood').roughness)]);
  });

  it('takes RGB as RGBA, and changes the settings it is told, not those left undefined', () => {
    const rgba = brickPixels('dark');
    const rgb = rgba.filter((_, i) => i % 4 < 3);
    const plain = surfaceMaps(rgba, W, H, { label: 'brick' });
    expect(surfaceMaps(rgb, W, H, { label: 'brick', depthPx: undefined, green: undefined })).toEqual(plain);
    const deep = surfaceMaps(rgb, W, H, { label: 'brick', depthPx: 12 });
    expect(deep.normal).not.toEqual(plain.normal);
    expect(deep.height).toEqual(plain.height);
    const down = surfaceMaps(rgb, W, H, { label: 'brick', green: 'directx' }).normal.pixels;
    expect(down.filter((_, i) => i % 3 !== 1)).toEqual(plain.normal.pixels.filter((_, i) => i % 3 !== 1));
    expect(down).not.toEqual(plain.normal.pixels);
  });

  describe('of generated height, roughness and metal', () => {
    const pixels = brickPixels('dark');
    const generated = Uint8Array.from({ length: W * H * 4 }, (_, i) => (i * 31 + (i >> 5) * 7) % 256);
    const channel = (c: number) => generated.filter((_, i) => i % 4 === c);
    const maps = surfaceMaps(pixels, W, H, { label: 'brick' }, generated);

    it('takes these as they are, but for mirrors that would flicker', () => {
      expect(maps.height.pixels).toEqual(channel(0));
      expect(maps.roughness.pixels).toEqual(channel(1).map((value) => Math.max(value, Math.round(255 * 0.04))));
      expect(maps.metallic.pixels).toEqual(channel(2));
    });

    it('makes the others of that height, by the depth of its label', () => {
      const height = Float32Array.from(channel(0), (byte) => byte / 255);
      const { depthPx, radiusPx, edgePx, strength } = materialSettings('brick', true);
      expect(depthPx).toBe(7);
      expect(maps.normal).toEqual(normalMap(height, W, H, { depthPx }));
      const occlusion = ambientOcclusionMap(height, W, H, { depthPx, radiusPx });
      expect(maps.ambientOcclusion).toEqual(greyMap(occlusion, W, H));
      expect(maps.cavity).toEqual(greyMap(cavityMap(height, W, H, { edgePx, strength }), W, H));
      const flat = surfaceMaps(pixels, W, H, { label: 'brick', depthPx: 0 }, generated).normal;
      expect([...new Set(flat.pixels)]).toEqual([128, 255]);
      expect(materialSettings('cheese', true)).toEqual(GENERIC_MATERIAL);
    });

    it('refuses maps of another size', () => {
      const other = generated.subarray(0, 4 * W);
      expect(() => surfaceMaps(pixels, W, H, {}, other)).toThrow(/surfaceMaps: 144 bytes for 36×20 pixels/);
    });
  });

  it('takes the options of the picture before it was enlarged, over all of their range', () => {
    const pixels = brickPixels('dark');
    const settings = { ...materialSettings('brick'), depthPx: 6 };
    const expected = surfaceMaps(pixels, W, H, enlargedSettings(settings, 2));
    expect(surfaceMaps(pixels, W, H, { label: 'brick', depthPx: 6 }, null, 2)).toEqual(expected);
    const widest = { depthPx: 64, radiusPx: 64, edgePx: 64, reliefPx: 256 };
    expect(Object.keys(surfaceMaps(pixels, W, H, widest, null, 4))).toEqual(Object.keys(CHANNELS));
    expect(() => surfaceMaps(pixels, W, H, { depthPx: 65 }, null, 4)).toThrow(/depthPx is 65; expected 0 to 64/);
  });

  it('refuses what does not fit', () => {
    const green = 'up' as 'opengl';
    expect(() => surfaceMaps(brickPixels('dark'), W, H, { green })).toThrow(
      /green is "up"; expected opengl or directx/,
    );
    expect(() => surfaceMaps(new Uint8Array(7), 2, 2)).toThrow(RangeError);
    expect(() => surfaceMaps(brickPixels('dark'), W, H, { roughness: 7 })).toThrow(/roughness is 7; expected 0 to 1/);
  });
});
