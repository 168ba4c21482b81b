// Materials of several surfaces, which no one sees repeat.
import type { BaseTexture } from '@babylonjs/core/Materials/Textures/baseTexture.js';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { AssetGenerator } from '../assetGenerator.ts';
import type { GenerateMaterialOptions } from '../generateOptions.ts';
import { leftovers, makeBricks, RECIPE, scene, tiny, useTinyBricks } from '../testing/tinyBricks.ts';
import { loadTinyMaterials, next, uploadedTo } from '../testing/tinyScene.ts';
import { GeneratedTexture } from '../texture/generatedTexture.ts';
import type { HashTiling } from './hashTiling.ts';
import { SurfaceMaterial } from './surfaceMaterial.ts';

useTinyBricks();

/** The pictures of a material's variations: albedo, normals and roughness with metal of each. */
function mapsOf(material: SurfaceMaterial): Uint8Array[] {
  const textures: BaseTexture[] = [];
  material.pluginManager!.getPlugin<HashTiling>('FigmentHashTiling')!.getActiveTextures(textures);
  return textures.map(uploadedTo);
}

describe('a material of several surfaces', () => {
  it('mixes those of the seeds that follow', async () => {
    const material = await makeBricks({ variations: 3 });
    const [albedo2, normal2, orm2, albedo3] = mapsOf(material);
    const [second, third] = [await makeBricks({ seed: 8 }), await makeBricks({ seed: 9 })];
    expect(albedo2).toEqual(uploadedTo(second.albedoTexture!));
    expect(normal2).toEqual(uploadedTo(second.bumpTexture!));
    expect(orm2).toEqual(uploadedTo(second.metallicTexture!));
    expect(albedo3).toEqual(uploadedTo(third.albedoTexture!));
    await material.regenerateAsync({ seed: 8 });
    expect(mapsOf(material)[0]).toEqual(uploadedTo(third.albedoTexture!));
  });

  it('is asked for with all of its pictures at once', async () => {
    let most = 0;
    tiny.onQueueChangedObservable.add((length) => {
      most = Math.max(most, length);
    });
    const floor = await makeBricks({ variations: 3 });
    expect(most).toBe(3);
    const repainted = vi.spyOn(GeneratedTexture.prototype, 'regenerateAsync');
    await floor.regenerateAsync({ seed: 20 }, { priority: 2 });
    expect(repainted.mock.calls.map(([, how]) => how!.priority)).toEqual([2, 2, 2]);
    repainted.mockRestore();
  });

  it('is saved by their number, and disposed with all', async () => {
    const material = await makeBricks({ variations: 2, cellSize: 1.5 });
    const saved = material.serialize();
    expect(saved).toMatchObject({ variations: 2, cellSize: 1.5 });
    expect(JSON.stringify(saved).length).toBeLessThan(300);
    const copy = SurfaceMaterial.Parse(JSON.parse(JSON.stringify(saved)), scene);
    await next(copy.onSurfaceObservable);
    expect(mapsOf(copy)).toEqual(mapsOf(material));
    expect(copy.serialize()).toEqual({ ...saved, uniqueId: copy.uniqueId });
    material.dispose();
    copy.dispose();
    expect(leftovers()).toEqual([]);
  });

  it.each([
    [{ variations: 4 }, /HashTiling: variations is 4; expected 1 to 3 surfaces/],
    [{ variations: 0 }, /variations is 0; expected 1 to 3 surfaces/],
    [{ variations: '2' as never }, /variations is "2"; expected 1 to 3 surfaces/],
    [{ variations: 2, cellSize: 0 }, /cellSize is 0; expected 0.1 to 8 tiles/],
  ])('refuses %j, and leaves nothing', async (options, message) => {
    await expect(makeBricks(options)).rejects.toThrow(message);
    const saved = (await makeBricks()).serialize();
    scene.materials[0]!.dispose();
    expect(() => SurfaceMaterial.Parse({ ...saved, ...options }, scene)).toThrow(message);
    expect(leftovers()).toEqual([]);
  });
});

describe('a material of several surfaces whose model has attributes', () => {
  let materials: AssetGenerator;

  beforeEach(async () => {
    materials = await loadTinyMaterials(scene);
  });

  const makeMaterial = async (options: Partial<GenerateMaterialOptions> = {}) =>
    (await materials.generateMaterialAsync({ ...RECIPE, ...options })) as SurfaceMaterial;

  it('says what is missing or wrong before it decides for its variations', async () => {
    const refused = (options: object, problem: RegExp) =>
      expect(materials.generateMaterialAsync({ variations: 2, ...options } as never)).rejects.toThrow(problem);
    await refused({ seed: 3 }, /^generate: label is missing/);
    await refused({ ...RECIPE, attributes: null }, /^generate: attributes is null; expected an object/);
    await refused({ ...RECIPE, attributes: 'worn' }, /attributes is "worn"; expected an object/);
    expect(() => materials.attributesFor(undefined as never)).toThrow('label is missing');
  });

  it('loses in all variations what its recipe loses', async () => {
    const material = await makeMaterial({ attributes: { colour: 'red', wear: 0.9 }, variations: 2 });
    const [worn] = mapsOf(material);
    await material.regenerateAsync({ attributes: undefined });
    const [plain] = mapsOf(material);
    expect(plain).not.toEqual(worn);
    expect(plain).toEqual(uploadedTo((await makeMaterial({ seed: 8 })).albedoTexture!));
  });

  it('loses in all variations what it loses while they are painted', async () => {
    const material = await makeMaterial({ variations: 2, numInferenceSteps: 30 });
    const [before] = mapsOf(material);
    const blended = material.changeAsync({ blend: { label: 'wood', amount: 0.5 } });
    await next(material.albedo.onGeneratedObservable);
    await material.changeAsync({ blend: { label: 'wood', amount: 0 } });
    await blended;
    expect(material.recipe).not.toHaveProperty('blend');
    expect(mapsOf(material)[0]).toEqual(before);
  });

  it('is of one kind in all variations, which lie only differently', async () => {
    const examples = { labels: new Uint8Array(3), values: Float32Array.of(0, 0, 1, 1, 0.2, 1) }; // wear and colour of each
    Object.assign(materials.info, { examples });
    const painted = vi.spyOn(GeneratedTexture.prototype, 'paintAsync');
    const floor = await makeMaterial({ variations: 3 });
    const first = materials.attributesOf(RECIPE);
    expect([8, 9].map((seed) => materials.attributesOf({ ...RECIPE, seed }))).not.toEqual([first, first]);
    const others = painted.mock.calls.map(([recipe]) => recipe).slice(1);
    expect(others).toMatchObject([8, 9].map((seed) => ({ seed, attributes: first })));
    const repainted = vi.spyOn(GeneratedTexture.prototype, 'regenerateAsync');
    await floor.regenerateAsync({ seed: 20 });
    const next = materials.attributesOf({ ...RECIPE, seed: 20 });
    const again = repainted.mock.calls.map(([recipe]) => recipe).slice(1);
    expect(again).toMatchObject([21, 22].map((seed) => ({ seed, attributes: next })));
    for (const spy of [painted, repainted]) spy.mockRestore();
  });

  it('stays what it is in all variations when it is varied, where the seed had decided on that', async () => {
    const examples = { labels: new Uint8Array(3), values: Float32Array.of(0, 0, 1, 1, 0.2, 1) };
    Object.assign(materials.info, { examples });
    const long = { variations: 3, numInferenceSteps: 10, sameFor: undefined };
    const floor = await makeMaterial(long);
    const before = mapsOf(floor);
    const { wear } = materials.attributesOf({ ...RECIPE, numInferenceSteps: 10 });
    expect([8, 9].map((seed) => materials.attributesOf({ ...RECIPE, seed }).wear)).not.toEqual([wear, wear]);
    await floor.varyAsync({ wear: wear! });
    expect(mapsOf(floor)).toEqual(before);
    const repainted = vi.spyOn(GeneratedTexture.prototype, 'regenerateAsync');
    await floor.varyAsync({ wear: 0.5 });
    const others = repainted.mock.calls.map(([recipe]) => recipe);
    expect(others).toMatchObject([8, 9].map((seed) => ({ seed, attributes: { wear: 0.5 }, sameAs: { wear } })));
    repainted.mockClear();
    await floor.reshapeAsync({ depthPx: 3 });
    expect(repainted).not.toHaveBeenCalled();
    repainted.mockRestore();
  });

  it('is copied with all of them, from a scene file, too', async () => {
    const examples = { labels: new Uint8Array(3), values: Float32Array.of(0, 0, 1, 1, 0.2, 1) };
    Object.assign(materials.info, { examples });
    const floor = await makeMaterial({ variations: 3 });
    const loaded = SurfaceMaterial.Parse(structuredClone(floor.serialize()), scene);
    await loaded.whenWrittenAsync();
    const copy = loaded.clone('copy');
    await copy.whenWrittenAsync();
    expect(mapsOf(copy)).toEqual(mapsOf(loaded));
    expect(mapsOf(copy)).toEqual(mapsOf(floor));
  });

  it('keeps what its variations show when it is reshaped, and needs no generator for it', async () => {
    const examples = { labels: new Uint8Array(3), values: Float32Array.of(0, 0, 1, 1, 0.2, 1) };
    Object.assign(materials.info, { examples });
    const floor = await makeMaterial({ variations: 3 });
    const flat = mapsOf(floor);
    materials.dispose();
    await floor.reshapeAsync({ depthPx: 9 });
    const deep = mapsOf(floor);
    const isNormal = (_: unknown, place: number) => place % 3 === 1;
    expect(deep.filter(isNormal)).toHaveLength(2);
    for (const [place, map] of deep.entries()) {
      if (isNormal(map, place)) expect(map).not.toEqual(flat[place]);
      else if (place % 3 === 0) expect(map).toEqual(flat[place]);
    }
  });
});
