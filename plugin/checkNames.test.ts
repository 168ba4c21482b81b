import { Logger } from '@babylonjs/core/Misc/logger.js';
import { expect, it, vi } from 'vitest';
import { checkNames } from './checkNames.ts';
import { makeBricks, RECIPE, scene, tiny, useTinyBricks } from './testing/tinyBricks.ts';
import { loadTiny } from './testing/tinyScene.ts';

useTinyBricks();

it('warns once of each option that does not exist, and names the nearest', async () => {
  const warn = vi.spyOn(Logger, 'Warn').mockImplementation(() => {});
  const wrong = { framebudgetMs: 2, storebytes: 0, numRetires: undefined };
  for (let i = 0; i < 2; i++) await loadTiny(scene, wrong as object);
  await makeBricks({ surface: { dephtPx: 3 } as object, pixelArt: { colors: 8 } as object });
  await tiny.generateSpritesAsync({ labels: ['brick'], pixelArt: { faktor: 2 } as object });
  expect(warn.mock.calls.map(([line]) => line)).toEqual([
    'AssetGenerator: "framebudgetMs" is no option and is passed over; did you mean "frameBudgetMs"?',
    'AssetGenerator: "storebytes" is no option and is passed over; did you mean "storeBytes"?',
    'surface: "dephtPx" is no option and is passed over; did you mean "depthPx"?',
    'pixelArt: "colors" is no option and is passed over; did you mean "colours"?',
    'pixelArt: "faktor" is no option and is passed over; did you mean "factor"?',
  ]);
  warn.mockRestore();
});

it.each([true, null, 'all'])('refuses %j in place of options', (options) => {
  expect(() => checkNames('pixelArt', options, ['factor'])).toThrow(TypeError);
  expect(() => checkNames('pixelArt', options, ['factor'])).toThrow(/expected an object, such as \{ factor: … \}/);
});

it.each([
  [{ pixelArt: true }, /pixelArt: the options are true; expected an object/],
  [{ pixelArt: { factor: 1000 } }, /pixelArt: factor is 1000; expected 1, 2 or 4/],
  [{ pixelArt: { factor: Number.NaN } }, /pixelArt: factor is NaN; expected 1, 2 or 4/],
  [{ surface: 3 }, /surface: the options are 3; expected an object/],
  [{ parallax: 'ofset' }, /parallax is "ofset"; expected offset or occlusion/],
  [{ samplingMode: 'nearest' }, /samplingMode is "nearest"; expected a number of Babylon/],
  [{ samplingMode: 99 }, /samplingMode is 99/],
  [{ previewEvery: -1 }, /previewEvery is -1; expected a whole number from 0/],
  [{ previewEvery: Number.NaN }, /previewEvery is NaN/],
  [{ previewEvery: 0.5 }, /previewEvery is 0.5/],
  [{ previewEvery: '2' }, /previewEvery is "2"/],
])('leaves nothing of a material that is asked for with %j', async (wrong, message) => {
  await expect(makeBricks(wrong as object)).rejects.toThrow(message);
  expect(scene.textures).toEqual([]);
});

it('refuses a preview that cannot be, also of a picture that is in memory', async () => {
  const texture = await tiny.generateTextureAsync(RECIPE);
  await expect(texture.regenerateAsync({}, { previewEvery: -1 })).rejects.toThrow(RangeError);
});

it('refuses a preview and a priority that cannot be at once, where a texture is returned at once', () => {
  expect(() => tiny.beginTexture({ ...RECIPE, previewEvery: -1 })).toThrow(/previewEvery is -1; expected/);
  expect(() => tiny.beginTexture({ ...RECIPE, priority: Number.NaN })).toThrow(/priority is NaN; expected/);
  expect(tiny.scene.textures).toEqual([]);
});
