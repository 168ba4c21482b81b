import { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import { Logger } from '@babylonjs/core/Misc/logger.js';
import { expect, it, vi } from 'vitest';
import { RECIPE, scene, tiny, useTiny } from '../testing/tinySuite.ts';
import type { Repetition } from './tiling.ts';

useTiny();

it('repeats a cut-out as often as asked', async () => {
  const material = await tiny.generateMaterialAsync({ ...RECIPE, invertY: false, tiling: [4, 1] });
  const { WRAP_ADDRESSMODE: wrapU, CLAMP_ADDRESSMODE: wrapV } = Texture;
  expect(material.albedoTexture).toMatchObject({ uScale: 4, vScale: -1, vOffset: 1, wrapU, wrapV });
});

it.each([Number.NaN, 0, -1, null, [4], [1, 2, 3], ['4', 2], '4'])('refuses a tiling of %j', async (tiling) => {
  const refused = tiny.generateMaterialAsync({ ...RECIPE, tiling: tiling as Repetition });
  await expect(refused).rejects.toThrow(/tiling is .*; expected a number above 0, or one for each direction/);
  await expect(refused).rejects.toBeInstanceOf(RangeError);
  expect(scene.textures).toEqual([]);
});

it('warns once of each setting for maps that cut-outs do not have', async () => {
  const warn = vi.spyOn(Logger, 'Warn').mockImplementation(() => {});
  for (const seed of [1, 2]) {
    await tiny.generateMaterialAsync({ ...RECIPE, seed, surface: { depthPx: 3 }, variations: 99, parallax: undefined });
  }
  const why = 'is passed over; it is for models whose pictures repeat, and those of "tiny" do not';
  expect(warn.mock.calls.map(([line]) => line)).toEqual([
    `generateMaterialAsync: "surface" ${why}`,
    `generateMaterialAsync: "variations" ${why}`,
  ]);
  warn.mockRestore();
});
