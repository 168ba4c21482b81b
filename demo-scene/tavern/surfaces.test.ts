import { expect, it } from 'vitest';
import type { SurfaceMaterial } from '../../plugin/index.ts';
import type { Artist } from './people/sitter.ts';
import { Surface } from './surfaces.ts';
import { TAVERN } from './tavernFile.ts';

/** A texture of two texels, one above the other, as a GPU holds it: the lower one first. */
function textureOf(lower: readonly number[], upper: readonly number[]) {
  return { readPixels: async () => Uint8Array.from([...lower, ...upper]), getSize: () => ({ width: 1, height: 2 }) };
}

it('has all its maps as pictures that can be seen: none is transparent', async () => {
  const material = {
    albedo: textureOf([1, 2, 3, 255], [4, 5, 6, 255]),
    bumpTexture: textureOf([128, 128, 255, 10], [128, 0, 255, 20]),
    metallicTexture: textureOf([255, 90, 0, 128], [200, 80, 7, 0]),
  } as unknown as SurfaceMaterial;
  const surface = new Surface({} as Artist, material, TAVERN.surfaces.of[0]!);
  const maps = Object.entries(await surface.mapsAsync());
  expect(maps.map(([name, { pixels, widthPx, heightPx }]) => [name, [...pixels], widthPx, heightPx])).toEqual([
    ['albedo', [4, 5, 6, 255, 1, 2, 3, 255], 1, 2],
    ['normal', [128, 0, 255, 255, 128, 128, 255, 255], 1, 2],
    ['height', [20, 20, 20, 255, 10, 10, 10, 255], 1, 2],
    ['occlusion-roughness-metallic', [200, 80, 7, 255, 255, 90, 0, 255], 1, 2],
  ]);
});
