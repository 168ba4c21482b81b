import type { BaseTexture } from '@babylonjs/core/Materials/Textures/baseTexture.js';
import type { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import { memory } from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createModel,
  enlargedSettings,
  type GeneratedPicture,
  generate,
  generatePictures,
  materialSettings,
  pixelArt,
  scaleNearest,
  surfaceMaps,
} from '../../runtime/index.ts';
import { tinyModelFiles, tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { AssetGenerator } from '../assetGenerator.ts';
import type { GenerateMaterialOptions } from '../generateOptions.ts';
import { FrameBudget } from '../painting/frameBudget.ts';
import { leftovers, makeBricks, RECIPE, SIZE_PX, scene, tiny, useTinyBricks } from '../testing/tinyBricks.ts';
import { flipped, loadTinyMaterials, next, TINY_MATERIALS, TINY_TEXTURES, uploadedTo } from '../testing/tinyScene.ts';
import { GeneratedTexture } from '../texture/generatedTexture.ts';
import { SurfaceMaterial } from './surfaceMaterial.ts';

useTinyBricks();

/** Red, green and blue, or alpha, of what was uploaded, top row first. */
function uploaded(texture: unknown, channels: 'rgb' | 'alpha'): Uint8Array {
  const pixels = flipped(uploadedTo(texture as RawTexture), SIZE_PX);
  return pixels.filter((_, i) => (i % 4 === 3) === (channels === 'alpha'));
}

describe('a material of a model whose pictures repeat', () => {
  it('has the maps that the runtime makes of the picture', async () => {
    const material = await makeBricks({ surface: { depthPx: 6 } });
    const pixels = await tiny.generatePixelsAsync(RECIPE);
    const maps = surfaceMaps(pixels, SIZE_PX, SIZE_PX, { label: 'brick', depthPx: 6 });
    expect(uploaded(material.albedoTexture, 'rgb')).toEqual(pixels.filter((_, i) => i % 4 < 3));
    expect(uploaded(material.bumpTexture, 'rgb')).toEqual(maps.normal.pixels);
    expect(uploaded(material.bumpTexture, 'alpha')).toEqual(maps.height.pixels);
    expect(uploaded(material.metallicTexture, 'rgb')).toEqual(maps.orm.pixels);
    expect(uploaded(material.metallicTexture, 'alpha')).toEqual(maps.cavity.pixels);
  });

  it('is read by Babylon as it is meant: colour spaces, channels, wrapping, tangents', async () => {
    const material = await makeBricks({ tiling: [4, 2], parallax: 'occlusion' });
    const [albedo, normal, orm] = [material.albedoTexture!, material.bumpTexture!, material.metallicTexture!];
    expect([albedo.gammaSpace, normal.gammaSpace, orm.gammaSpace]).toEqual([true, false, false]);
    for (const texture of [albedo, normal, orm] as Texture[]) {
      expect([texture.wrapU, texture.wrapV]).toEqual([Texture.WRAP_ADDRESSMODE, Texture.WRAP_ADDRESSMODE]);
      expect(Array.from(texture.getTextureMatrix().m).slice(0, 6)).toEqual([4, 0, 0, 0, 0, 2]);
      expect(texture.isReady()).toBe(true);
    }
    expect(material).toMatchObject({
      metallic: 1,
      roughness: 1,
      useAmbientOcclusionFromMetallicTextureRed: true,
      useRoughnessFromMetallicTextureGreen: true,
      useRoughnessFromMetallicTextureAlpha: false,
      useMetallnessFromMetallicTextureBlue: true,
      useParallax: true,
      useParallaxOcclusion: true,
      invertNormalMapX: true,
      invertNormalMapY: true,
    });
    scene.useRightHandedSystem = true;
    expect(await makeBricks()).toMatchObject({ invertNormalMapX: false, invertNormalMapY: false, useParallax: false });
  });

  it('makes another picture and its maps, and other maps of the same picture', async () => {
    const material = await makeBricks();
    const before = uploadedTo(material.bumpTexture!);
    await material.regenerateAsync({ seed: 8 });
    const fresh = await makeBricks({ seed: 8 });
    expect(uploadedTo(material.bumpTexture!)).toEqual(uploadedTo(fresh.bumpTexture!));
    expect(uploadedTo(material.bumpTexture!)).not.toEqual(before);
    await material.reshapeAsync({ depthPx: 0 });
    expect(new Set(uploaded(material.bumpTexture, 'rgb'))).toEqual(new Set([128, 255]));
  });

  it('has its maps finished while a setting changes faster than they are made', async () => {
    const material = await makeBricks();
    const reshaped = [5, 4, 3, 0].map(async (depthPx, frame) => {
      await new Promise((resolve) => setTimeout(resolve, 2 * frame));
      return material.reshapeAsync({ depthPx });
    });
    await Promise.all(reshaped);
    expect(new Set(uploaded(material.bumpTexture, 'rgb'))).toEqual(new Set([128, 255]));
  });

  it('is disposed as one, also while its maps are made', async () => {
    const { numTensors } = memory();
    const material = await makeBricks();
    const remade = material.regenerateAsync({ seed: 9 });
    material.dispose();
    await expect(remade).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    expect(leftovers()).toEqual([]);
    expect(memory().numTensors).toBe(numTensors);
  });

  it('refuses to be reshaped out of range, and stays as it was', async () => {
    const material = await makeBricks({ surface: { depthPx: 6 } });
    await expect(material.reshapeAsync({ depthPx: 1000 })).rejects.toThrow(/depthPx is 1000; expected 0 to 64/);
    expect(material.serialize().surface).toEqual({ depthPx: 6 });
    await material.regenerateAsync({ seed: 8 });
  });

  it('ends for its signal while its maps are made, and leaves nothing', async () => {
    const leaving = new AbortController();
    scene.onNewMaterialAddedObservable.addOnce(() => leaving.abort(new Error('gone')));
    await expect(makeBricks({ signal: leaving.signal })).rejects.toThrow('gone');
    expect(leftovers()).toEqual([]);
  });

  it('refuses a setting out of range, and leaves nothing', async () => {
    await expect(makeBricks({ surface: { depthPx: 1000 } })).rejects.toThrow(/depthPx is 1000; expected 0 to 64/);
    const long = { numInferenceSteps: 1000 };
    const drawn = vi.spyOn(GeneratedTexture.prototype, 'paintAsync');
    for (const wrong of [{ surface: { depthPx: 1000 } }, { variations: 4 }]) {
      await expect(makeBricks({ ...long, ...wrong })).rejects.toThrow(RangeError); // before anything is painted
    }
    expect(drawn).not.toHaveBeenCalled();
    drawn.mockRestore();
    await expect(makeBricks({ label: 'brik' })).rejects.toThrow(/did you mean "brick"/);
    expect(leftovers()).toEqual([]);
  });
});

describe('a material whose maps are generated', () => {
  let materials: AssetGenerator;
  let made: GeneratedPicture;

  beforeEach(async () => {
    materials = await loadTinyMaterials(scene);
    const model = createModel(tinyModelFiles(TINY_MATERIALS));
    [made] = (await generatePictures(model, [RECIPE])) as [GeneratedPicture];
    model.dispose();
  });

  const makeMaterial = async (options: Partial<GenerateMaterialOptions> = {}) =>
    (await materials.generateMaterialAsync({ ...RECIPE, ...options })) as SurfaceMaterial;

  it('has these, and those that follow from its height', async () => {
    const material = await makeMaterial();
    const maps = surfaceMaps(made.pixels, SIZE_PX, SIZE_PX, { label: 'brick' }, made.maps);
    expect(maps.roughness.pixels).not.toEqual(surfaceMaps(made.pixels, SIZE_PX, SIZE_PX).roughness.pixels);
    expect(uploaded(material.albedoTexture, 'rgb')).toEqual(made.pixels.filter((_, i) => i % 4 < 3));
    expect(uploaded(material.bumpTexture, 'rgb')).toEqual(maps.normal.pixels);
    expect(uploaded(material.bumpTexture, 'alpha')).toEqual(maps.height.pixels);
    expect(uploaded(material.metallicTexture, 'rgb')).toEqual(maps.orm.pixels);
    const flat = await material.reshapeAsync({ depthPx: 0 });
    expect(uploaded(flat.metallicTexture, 'rgb').filter((_, i) => i % 3 === 1)).toEqual(maps.roughness.pixels);
    expect(new Set(uploaded(flat.bumpTexture, 'rgb'))).toEqual(new Set([128, 255]));
  });

  it('is cloned with them, enlarged with its pixel art, and leaves nothing', async () => {
    const material = await makeMaterial();
    const copy = material.clone('copy');
    await next(copy.onSurfaceObservable);
    expect(uploadedTo(copy.metallicTexture!)).toEqual(uploadedTo(material.metallicTexture!));
    const large = await makeMaterial({ pixelArt: { factor: 2 } });
    const metals = (texture: BaseTexture) => uploadedTo(texture).filter((_, i) => i % 4 === 2);
    const blocks = scaleNearest(uploadedTo(material.metallicTexture!), SIZE_PX, SIZE_PX, 2).filter(
      (_, i) => i % 4 === 2,
    );
    expect(metals(large.metallicTexture!)).toEqual(blocks);
    for (const each of [material, copy, large]) each.dispose();
    await new Promise((resolve) => setTimeout(resolve)); // what draws pixel art goes a moment later
    expect(leftovers()).toEqual([]);
  });

  it('ages in place: the same material with other attributes', async () => {
    const material = await makeMaterial({ attributes: { colour: 'red', wear: 0 }, variations: 2 });
    const young = uploadedTo(material.metallicTexture!);
    await material.varyAsync({ wear: 0.8 });
    expect(material.recipe).toMatchObject({
      ...RECIPE,
      attributes: { colour: 'red', wear: 0.8 },
      sameAs: { wear: 0 },
    });
    expect(uploadedTo(material.metallicTexture!)).not.toEqual(young);
    const old = await materials.generatePixelsAsync({ ...RECIPE, ...material.recipe });
    expect(uploaded(material.albedoTexture, 'rgb')).toEqual(old.filter((_, i) => i % 4 < 3));
    const younger = expect(material.changeAsync({ attributes: { wear: 0.4 } })).rejects;
    const superseded = younger.toThrow(expect.objectContaining({ name: 'AbortError' }));
    await material.changeAsync({ attributes: { wear: 0 } });
    await superseded; // the newest request wins
    expect(uploadedTo(material.metallicTexture!)).toEqual(young);
    await expect(material.changeAsync({ attributes: { wear: 2 } })).rejects.toThrow(
      /wear is 2; expected a number from 0 to 1/,
    );
    await material.changeAsync({ seed: 8, sameFor: 0 });
    expect(material.recipe).toMatchObject({ seed: 8, attributes: { colour: 'red', wear: 0 } });
  });

  it('is one of all maps, also where pictures do not repeat', async () => {
    const files = await tinyModelFolder({ ...TINY_MATERIALS, circularPadding: false });
    const generator = await AssetGenerator.LoadAsync(files, scene, { compute: 'thread', backend: 'wasm' });
    expect(await generator.generateMaterialAsync(RECIPE)).toBeInstanceOf(SurfaceMaterial);
  });
});

describe('a picture for a pixel-art game', () => {
  const PIXEL_ART = { palette: ['#1a1c2c', '#b13e53', '#ffcd75', '#38b764'], dither: 0.1, factor: 2 } as const;

  it.each([PIXEL_ART, { colours: 5, factor: 2 } as const])(
    'is what the runtime makes of it, and so are its maps: %j',
    async (art) => {
      const material = await makeBricks({ pixelArt: art });
      const drawn = pixelArt(await tiny.generatePixelsAsync(RECIPE), SIZE_PX, SIZE_PX, art);
      const pixels = drawn.pixels as Uint8Array;
      expect(flipped(uploadedTo(material.albedoTexture!), 2 * SIZE_PX)).toEqual(pixels);
      const settings = enlargedSettings(materialSettings('brick'), 2);
      const { normal } = surfaceMaps(pixels, 2 * SIZE_PX, 2 * SIZE_PX, settings);
      const uploadedNormal = flipped(uploadedTo(material.bumpTexture!), 2 * SIZE_PX);
      expect(uploadedNormal.filter((_, i) => i % 4 < 3)).toEqual(normal.pixels);
      expect((material.albedoTexture as Texture).samplingMode).toBe(Texture.NEAREST_LINEAR_MIPLINEAR);
    },
  );

  it('is given up when its texture is disposed', async () => {
    const { texture, finished } = tiny.beginTexture({ ...RECIPE, pixelArt: PIXEL_ART });
    texture.dispose();
    await expect(finished).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    expect(scene.textures).toEqual([]);
  });

  it.each([PIXEL_ART, { colours: 5, factor: 2 } as const])(
    'keeps %j in a scene file and when it changes',
    async (art) => {
      const texture = await tiny.generateTextureAsync({ ...RECIPE, sizePx: 32, pixelArt: art });
      const saved = JSON.parse(JSON.stringify(texture.serialize()));
      expect(saved).toMatchObject({ size: [64, 64], pixelArt: art, recipe: { widthPx: 32, heightPx: 32 } });
      const loaded = GeneratedTexture.Parse(saved, scene, '');
      await next(loaded.onGeneratedObservable);
      expect(uploadedTo(loaded)).toEqual(uploadedTo(texture));
      await loaded.regenerateAsync({ seed: 8 });
      expect(uploadedTo(loaded)).not.toEqual(uploadedTo(texture));
      await expect(loaded.regenerateAsync({ widthPx: 16 })).rejects.toThrow(/is 32×32, but tiny is to draw 16×32/);
    },
  );

  it.each([
    [{ palette: ['red'] }, /colour "red"; expected #rrggbb/],
    [{ factor: 3 as 2 }, /factor is 3; expected 1, 2 or 4/],
    [{ palette: ['#ffffff'], dither: 7 }, /dither is 7/],
    [{ colours: 300 }, /colours is 300; expected 2 to 256/],
    [{ colours: 3, palette: ['#ffffff'] }, /both palette and colours are given.*leave out colours/],
  ])('is refused with %j', async (pixelArt, message) => {
    const asked = tiny.generateTextureAsync({ ...RECIPE, numInferenceSteps: 1000, pixelArt });
    await expect(asked).rejects.toThrow(message); // before it is painted
    expect(tiny.queueLength).toBe(0);
    expect(scene.textures).toEqual([]);
  });
});

it('takes the default of an entry of pixel art that is undefined', async () => {
  const pixelArt = { colours: 3, palette: undefined, factor: undefined };
  const texture = await tiny.generateTextureAsync({ ...RECIPE, pixelArt });
  expect(new Set(new Uint32Array(uploadedTo(texture).buffer)).size).toBe(3);
  expect((await tiny.generateSpritesAsync({ labels: ['brick'], pixelArt })).cellWidth).toBe(SIZE_PX);
});

describe('a texture of any multiple of the tile', () => {
  it('is the picture that the runtime makes of that size', async () => {
    const texture = await tiny.generateTextureAsync({ ...RECIPE, widthPx: 48, heightPx: 32 });
    const model = createModel(tinyModelFiles(TINY_TEXTURES));
    const [pixels] = await generate(model, [RECIPE], { widthPx: 48, heightPx: 32 });
    model.dispose();
    expect(texture.getSize()).toEqual({ width: 48, height: 32 });
    expect(uploadedTo(texture)).toEqual(flipped(pixels!, 48));
    expect(await tiny.generatePixelsAsync({ ...RECIPE, widthPx: 48, heightPx: 32 })).toEqual(pixels);
  });

  it('is another picture than that of the tile, for all that asks for both', async () => {
    const [small, large, other] = await Promise.all([
      tiny.generatePixelsAsync(RECIPE),
      tiny.generatePixelsAsync({ ...RECIPE, sizePx: 32 }),
      tiny.generatePixelsAsync({ ...RECIPE, sizePx: 32, seed: 8 }),
    ]);
    expect([small.length, large.length, other.length]).toEqual([4 * 16 * 16, 4 * 32 * 32, 4 * 32 * 32]);
    expect(other).not.toEqual(large);
  });

  it('keeps its size when its picture changes and when it is saved', async () => {
    const material = await makeBricks({ sizePx: 32 });
    expect(material.bumpTexture!.getSize()).toEqual({ width: 32, height: 32 });
    expect(material.serialize().albedo).toMatchObject({
      size: [32, 32],
      recipe: { ...RECIPE, widthPx: 32, heightPx: 32 },
    });
    expect(JSON.stringify(material.serialize()).length).toBeLessThan(300);
    await material.regenerateAsync({ seed: 8 });
    expect(material.albedo.getSize()).toEqual({ width: 32, height: 32 });
    await expect(material.regenerateAsync({ widthPx: 64 })).rejects.toThrow(/is 32×32, but tiny is to draw 64×32/);
    await expect(material.regenerateAsync({ sizePx: 64 })).rejects.toThrow(/is 32×32, but tiny is to draw 64×64/);
  });

  it('fills the cells of a sheet', async () => {
    const sprites = await tiny.generateSpritesAsync({ count: 3, sizePx: 32 });
    expect(sprites.texture.getSize()).toEqual({ width: 64, height: 64 });
    expect([sprites.cellWidth, sprites.cellHeight]).toEqual([32, 32]);
  });

  it.each([
    [{ sizePx: 20 }, /the size is 20×20; expected multiples of tiny's tile of 16×16/],
    [{ sizePx: 4096 }, /sizePx is 4096; expected a whole number from 1 to 2048/],
  ])('refuses %j', async (size, message) => {
    await expect(tiny.generateTextureAsync({ ...RECIPE, ...size })).rejects.toThrow(message);
    await expect(makeBricks(size)).rejects.toThrow(message);
    expect(leftovers()).toEqual([]);
  });
});

describe('the maps of a surface material', () => {
  it('are made for as long in each frame as its generator may take', async () => {
    const turns = vi.spyOn(FrameBudget.prototype, 'turnAsync');
    try {
      const materials = await loadTinyMaterials(scene, { frameBudgetMs: 7 });
      await materials.generateTextureAsync(RECIPE); // what follows makes maps alone
      turns.mockClear();
      await materials.generateMaterialAsync(RECIPE);
      const budgets = turns.mock.contexts.map((budget) => (budget as FrameBudget).budgetMs);
      expect(new Set(budgets)).toEqual(new Set([7]));
    } finally {
      turns.mockRestore();
    }
  });

  it('are placed and sampled as its picture is, also when that changes', async () => {
    const { albedo, bumpTexture, metallicTexture } = await makeBricks();
    const sampling = { coordinatesIndex: 1, wrapU: Texture.MIRROR_ADDRESSMODE, anisotropicFilteringLevel: 16 };
    const placement = { uScale: 3, vOffset: 0.5, wAng: 1, uRotationCenter: 0 };
    Object.assign(albedo, sampling, placement);
    for (const map of [bumpTexture!, metallicTexture!]) {
      expect(map.getTextureMatrix()).toBe(albedo.getTextureMatrix());
      expect(map).toMatchObject({ ...sampling, ...placement });
    }
  });
});
