// What surface materials outlive: lost devices, and requests that are given up.

import { PBRMaterial } from '@babylonjs/core/Materials/PBR/pbrMaterial.js';
import { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import { Logger } from '@babylonjs/core/Misc/logger.js';
import { expect, it, vi } from 'vitest';
import { asOnGpu } from '../testing/asOnGpu.ts';
import { makeBricks, RECIPE, scene, tiny, useTinyBricks } from '../testing/tinyBricks.ts';
import { loadTinyTextures, next, uploadedTo } from '../testing/tinyScene.ts';
import { GeneratedTexture } from '../texture/generatedTexture.ts';
import { SurfaceMaterial } from './surfaceMaterial.ts';

useTinyBricks();

const SIZE_BYTES = 4 * 16 * 16;

/** All textures of the scene, but for the table that Babylon keeps for all PBR materials. */
const textures = () => scene.textures.filter((texture) => texture !== scene.environmentBRDFTexture) as RawTexture[];

/** Takes all pictures and maps away, as a device does that is lost and had them alone, and gives the engine another device. */
function loseDevice(): void {
  for (const texture of textures()) {
    texture.update(new Uint8Array(SIZE_BYTES));
    if (texture instanceof GeneratedTexture) asOnGpu(texture);
  }
  const engine = scene.getEngine();
  engine.onContextRestoredObservable.notifyObservers(engine);
}

it('has the maps of each surface again after a lost device', async () => {
  const forgetful = await loadTinyTextures(scene, { cacheBytes: 0 });
  const material = (await forgetful.generateMaterialAsync({
    ...RECIPE,
    variations: 2,
    numInferenceSteps: 60,
  })) as SurfaceMaterial;
  const before = textures().map(uploadedTo);
  loseDevice();
  await next(material.onSurfaceObservable);
  expect(before).toHaveLength(6);
  expect(textures().map(uploadedTo)).toEqual(before);
});

it('has maps that are sampled as its picture is, also when that changes, and in clones', async () => {
  const material = await makeBricks();
  const modes = ({ albedo, bumpTexture, metallicTexture }: SurfaceMaterial) =>
    [albedo, bumpTexture, metallicTexture].map((texture) => {
      texture!.getTextureMatrix(); // as Babylon does before it reads a texture
      return (texture as Texture).samplingMode;
    });
  expect(new Set(modes(material))).toEqual(new Set([Texture.TRILINEAR_SAMPLINGMODE]));
  material.albedo.updateSamplingMode(Texture.NEAREST_SAMPLINGMODE);
  for (const one of [material, material.clone('more bricks')])
    expect(new Set(modes(one)), one.name).toEqual(new Set([Texture.NEAREST_SAMPLINGMODE]));
});

it('is a PBRMaterial to those who ask for the class by its name', async () => {
  const material = await makeBricks();
  expect(material.getClassName()).toBe(new PBRMaterial('plain', scene).getClassName());
});

it('has clones without the maps that were taken from it', async () => {
  const material = await makeBricks();
  material.bumpTexture = null;
  const copy = material.clone('flat bricks');
  expect([copy.bumpTexture, copy.metallicTexture?.name]).toEqual([null, 'flat bricks occlusion, roughness, metallic']);
});

it('has clones with the maps that a game has put in the place of its own', async () => {
  const material = await makeBricks();
  const bump = RawTexture.CreateRGBATexture(new Uint8Array(4), 1, 1, scene);
  material.bumpTexture = bump;
  const copy = material.clone('dented bricks');
  expect(copy.bumpTexture!.getInternalTexture()).toBe(bump.getInternalTexture());
  expect(copy.albedoTexture).toBe(copy.albedo);
});

it('has maps that stay tiled in a clone of another material that shows them, and still follow the picture', async () => {
  const bricks = await makeBricks({ tiling: 4 });
  const own = new PBRMaterial('own', scene);
  own.albedoTexture = bricks.albedo;
  own.bumpTexture = bricks.bumpTexture;
  const { albedoTexture, bumpTexture } = own.clone('copy') as PBRMaterial;
  const placement = ({ uScale, vScale, wrapU, wrapV }: Texture) => [uScale, vScale, wrapU, wrapV];
  expect(placement(bumpTexture as Texture)).toEqual(placement(albedoTexture as Texture));
  expect(bumpTexture!.gammaSpace).toBe(false);
  await bricks.regenerateAsync({ seed: 8 });
  expect(uploadedTo(bumpTexture!)).toEqual(uploadedTo(bricks.bumpTexture!));
});

it('makes the maps of a finished picture while another is made, and given up', async () => {
  const texture = await tiny.generateTextureAsync(RECIPE);
  const leaving = new AbortController();
  const asked = texture.regenerateAsync({ seed: 8, numInferenceSteps: 100 }, { signal: leaving.signal });
  const material = new SurfaceMaterial('wall', texture);
  leaving.abort(new Error('gone'));
  await expect(asked).rejects.toThrow('gone');
  await material.whenWrittenAsync();
});

it('makes nothing of a preview when it is reshaped, and the picture as it is asked for then', async () => {
  const bricks = await makeBricks();
  const plain = uploadedTo(bricks.bumpTexture!);
  let amid: Uint8Array | undefined;
  bricks.albedo.onProgressObservable.add(async () => {
    if (bricks.albedo.isFinished || amid) return; // it is no preview
    await bricks.reshapeAsync({ depthPx: 9 });
    amid = uploadedTo(bricks.bumpTexture!);
  });
  await bricks.regenerateAsync({ seed: 8, numInferenceSteps: 20 }, { previewEvery: 3 });
  expect(amid).toEqual(plain);
  const deep = await makeBricks({ seed: 8, numInferenceSteps: 20, surface: { depthPx: 9 } });
  expect(uploadedTo(bricks.bumpTexture!)).toEqual(uploadedTo(deep.bumpTexture!));
});

it('keeps its settings whatever becomes of the objects that they were given in', async () => {
  const surface = { depthPx: 3 };
  const palette = ['#ff0000', '#00ff00'];
  const bricks = await makeBricks({ surface, pixelArt: { palette } });
  surface.depthPx = 9;
  palette.length = 0;
  await bricks.regenerateAsync({ seed: 8 });
  const others = await makeBricks({ seed: 8, surface: { depthPx: 3 }, pixelArt: { palette: ['#ff0000', '#00ff00'] } });
  expect(uploadedTo(bricks.bumpTexture!)).toEqual(uploadedTo(others.bumpTexture!));
  expect(bricks.serialize()).toMatchObject({
    surface: { depthPx: 3 },
    albedo: { pixelArt: { palette: ['#ff0000', '#00ff00'] } },
  });
});

it('says which of its maps is disposed', async () => {
  const bricks = await makeBricks();
  bricks.bumpTexture!.dispose();
  const gone = /^SurfaceMaterial: the map "brick-7 normal" is disposed; dispose the whole material/;
  await expect(bricks.regenerateAsync({ seed: 8 })).rejects.toThrow(gone);
  await expect(bricks.reshapeAsync({ depthPx: 3 })).rejects.toThrow(gone);
});

it('says that it is disposed, and that its picture is', async () => {
  const bricks = await makeBricks();
  bricks.dispose();
  const gone = expect.objectContaining({
    name: 'AbortError',
    message: expect.stringContaining('is disposed; make another'),
  });
  await expect(bricks.reshapeAsync({ depthPx: 3 })).rejects.toEqual(gone);
  expect(() => bricks.clone('copy')).toThrow('is disposed; make another');
  const other = await makeBricks();
  const reshaped = other.reshapeAsync({ depthPx: 3 });
  await Promise.resolve();
  other.albedo.dispose();
  await expect(reshaped).rejects.toEqual(expect.objectContaining({ name: 'AbortError' }));
});

it('makes no maps for a setting that waited for others when it was disposed', async () => {
  const logged = vi.spyOn(Logger, 'Error').mockImplementation(() => {});
  const bricks = await makeBricks({ sizePx: 512 });
  const first = bricks.reshapeAsync({ depthPx: 3 });
  await new Promise((resolve) => setTimeout(resolve)); // its maps are being made, of a picture that takes many slices
  const second = bricks.reshapeAsync({ depthPx: 4 });
  setTimeout(() => bricks.dispose());
  for (const reshaped of await Promise.allSettled([first, second])) {
    expect(reshaped).toMatchObject({ reason: { name: 'AbortError', message: expect.stringContaining('material') } });
  }
  expect(logged).not.toHaveBeenCalled();
  logged.mockRestore();
});

it('tells who waits for the maps that the generator was disposed while variations were made', async () => {
  const { texture, finished } = tiny.beginTexture(RECIPE);
  const material = new SurfaceMaterial('floor', texture, { variations: 2 });
  const written = material.whenWrittenAsync();
  texture.onGeneratedObservable.addOnce(() => tiny.dispose());
  await finished.catch(() => {});
  await expect(written).rejects.toThrow(/disposed/);
});

it('stops waiting for its signal while the other surfaces are painted', async () => {
  const material = await makeBricks({ variations: 2 });
  const leaving = new AbortController();
  material.albedo.onGeneratedObservable.addOnce(() => setTimeout(() => leaving.abort(new Error('gone'))));
  const asked = material.regenerateAsync({ seed: 20, numInferenceSteps: 100 }, { signal: leaving.signal });
  await expect(asked).rejects.toThrow('gone');
  material.dispose();
});
