import { Logger } from '@babylonjs/core/Misc/logger.js';
import { afterEach, expect, it, vi } from 'vitest';
import type { RecipeOptions } from '../runtime/index.ts';
import type { AssetGenerator } from './assetGenerator.ts';
import type { GenerateMaterialOptions, GenerateSetOptions, GenerateTextureOptions } from './generateOptions.ts';
import type { SpritesOptions } from './sprite/cells.ts';
import { createScene, loadTiny } from './testing/tinyScene.ts';
import { OF_MATERIALS, OF_SETS, OF_SPRITES, OF_WARM_UPS, OPTIONS, warnOfUnknown } from './unknownEntries.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

it('warns of each unknown entry once, and names the nearest', () => {
  const warn = vi.spyOn(Logger, 'Warn').mockImplementation(() => {});
  const asked = {
    label: 'elf',
    guidance: 3,
    steps: 20,
    sede: 7,
    mipmap: true,
    capacity: 9,
    eta: 0,
    strenght: undefined,
  };
  const warned = new Set<string>();
  for (let i = 0; i < 2; i++) warnOfUnknown(asked, warned);
  const passedOver = 'is no entry of a recipe and is passed over;';
  expect(warn.mock.calls.map(([line]) => line)).toEqual([
    `generate: "guidance" ${passedOver} did you mean "guidanceScale"?`,
    `generate: "steps" ${passedOver} did you mean "numInferenceSteps"?`,
    `generate: "sede" ${passedOver} did you mean "seed"?`,
    `generate: "mipmap" ${passedOver} did you mean "mipmaps"?`,
    `generate: "capacity" ${passedOver} it is an option of another call`,
  ]);
});

it('says where attributes stand', () => {
  const warn = vi.spyOn(Logger, 'Warn').mockImplementation(() => {});
  warnOfUnknown({ hair_colour: 'red', wear: 0.5, moss: 1 }, new Set(), ['hair_colour', 'moss_dirt']);
  expect(warn.mock.calls.map(([line]) => line)).toEqual([
    'generate: "hair_colour" is no entry of a recipe and is passed over; did you mean "attributes: { hair_colour }"?',
    expect.not.stringContaining('attributes: { wear }'),
    expect.stringContaining('did you mean "attributes: { moss_dirt }"?'),
  ]);
});

it('says how two labels are mixed', () => {
  const warn = vi.spyOn(Logger, 'Warn').mockImplementation(() => {});
  warnOfUnknown({ labels: { brick: 0.6, sand: 0.4 } }, new Set());
  warnOfUnknown({ labels: ['brick'] }, new Set());
  expect(warn.mock.calls.map(([line]) => line)).toEqual([
    expect.stringMatching(/did you mean "blend"\?$/),
    expect.stringMatching(/it is an option of another call$/),
  ]);
});

it('has nothing to say of options that are right, and of what a baked picture keeps', async () => {
  const scene = createScene();
  const tiny = await loadTiny(scene);
  const warn = vi.spyOn(Logger, 'Warn').mockImplementation(() => {});
  const baked = {
    figment: 1,
    model: 'tiny',
    hash: 'abc',
    classifierHash: 'def',
    cvaeHash: 'ghi',
    label: 'elf',
    seed: 7,
  };
  const texture = await tiny.generateTextureAsync({
    ...baked,
    name: 'elf',
    invertY: false,
    mipmaps: true,
    priority: 1,
  });
  await texture.regenerateAsync({ seed: 8 }, { previewEvery: 1 });
  await tiny.generateSpritesAsync({ labels: ['elf'], count: 1, seed: 1, worldHeight: 2, capacity: 3, name: 'elves' });
  await tiny.generateMaterialAsync({ label: 'elf', seed: 7, tiling: 2 });
  expect(warn).not.toHaveBeenCalled();
  await tiny.generatePixelsAsync({ label: 'elf', seed: 9, ...{ steps: 20 } });
  await tiny.warmUpAsync({ guidanceScale: 3, onProgress: () => {}, ...{ guidance: 9 } });
  expect(warn).toHaveBeenCalledTimes(2);
  scene.getEngine().dispose();
});

type WarmUpOptions = NonNullable<Parameters<AssetGenerator['warmUpAsync']>[0]>;

/** All names of some options: the compiler tells of one that is missing, and of one that is none. */
type NamesOf<Options> = Readonly<Record<keyof Options, true>>;

it('knows the options of all calls', () => {
  const options: NamesOf<Omit<GenerateTextureOptions, keyof RecipeOptions>> = {
    name: true,
    invertY: true,
    mipmaps: true,
    samplingMode: true,
    pixelArt: true,
    priority: true,
    signal: true,
    previewEvery: true,
  };
  const ofSprites: NamesOf<Omit<SpritesOptions, keyof GenerateTextureOptions>> = {
    labels: true,
    count: true,
    recipes: true,
    numSpareCells: true,
    worldHeight: true,
    capacity: true,
  };
  const ofSets: NamesOf<Omit<GenerateSetOptions, keyof GenerateTextureOptions>> = { vary: true, values: true };
  const ofMaterials: NamesOf<Omit<GenerateMaterialOptions, keyof GenerateTextureOptions>> = {
    tiling: true,
    surface: true,
    parallax: true,
    variations: true,
    cellSize: true,
  };
  const ofWarmUps: NamesOf<Omit<WarmUpOptions, keyof GenerateTextureOptions>> = { onProgress: true };
  const all = [options, ofSprites, ofSets, ofMaterials, ofWarmUps];
  expect([OPTIONS, OF_SPRITES, OF_SETS, OF_MATERIALS, OF_WARM_UPS]).toEqual(all.map(Object.keys));
});
