// Surface materials as scene files hold them, and their clones.
import '@babylonjs/core/Loading/Plugins/babylonFileLoader.js';
import '@babylonjs/core/Materials/colorCurves.js'; // materials of scene files name it
import { AppendSceneAsync } from '@babylonjs/core/Loading/sceneLoader.js';
import { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import { Color3 } from '@babylonjs/core/Maths/math.color.js';
import { CreatePlane } from '@babylonjs/core/Meshes/Builders/planeBuilder.js';
import { SceneSerializer } from '@babylonjs/core/Misc/sceneSerializer.js';
import { Tags } from '@babylonjs/core/Misc/tags.js';
import { Scene } from '@babylonjs/core/scene.js';
import { describe, expect, it, vi } from 'vitest';
import { makeBricks, RECIPE, SIZE_PX, scene, tiny, useTinyBricks } from '../testing/tinyBricks.ts';
import { loadTinyTextures, next, uploadedTo } from '../testing/tinyScene.ts';
import { loadedModels } from '../texture/loadedModels.ts';
import { RegisterSurfaceMaterial, SurfaceMaterial } from './surfaceMaterial.ts';

useTinyBricks();

describe('a surface material in a scene file', () => {
  it('is a plain one before a picture was asked for', async () => {
    const texture = loadedModels(scene)[0]!.createTexture('empty');
    const material = new SurfaceMaterial('wall', texture);
    expect(SceneSerializer.Serialize(scene).materials).toMatchObject([{ customType: 'BABYLON.PBRMaterial' }]);
    material.dispose();
  });

  it('leaves the table of reflections to the other materials of the scene when it is damaged', async () => {
    const saved = { ...(await makeBricks()).serialize(), changed: null as unknown as undefined };
    const other = new Scene(scene.getEngine());
    expect(() => SurfaceMaterial.Parse(saved, other, '')).toThrow(/is damaged/);
    expect(other.textures).toEqual([other.environmentBRDFTexture]);
  });

  it('leaves no texture behind when it is damaged, also while an asset container keeps all that is new out of the scene', async () => {
    const emissiveTexture = { customType: 'BABYLON.Nonsense' };
    const saved = { ...(await makeBricks({ variations: 2 })).serialize(), changed: { emissiveTexture } };
    const added = vi.spyOn(scene, 'addTexture');
    scene._blockEntityCollection = true;
    expect(() => SurfaceMaterial.Parse(saved, scene, '')).toThrow(/is damaged/);
    scene._blockEntityCollection = false;
    const made = added.mock.calls.map(([texture]) => texture);
    added.mockRestore();
    expect(made).toHaveLength(6);
    for (const texture of made)
      expect([texture.getScene(), texture.getInternalTexture()], texture.name).toEqual([null, null]);
    expect(tiny.queueLength).toBe(0);
  });

  it('is its recipe, in less than 300 bytes', async () => {
    const material = await makeBricks({ tiling: 4, surface: { roughness: 0.5 }, parallax: 'offset' });
    const saved = material.serialize();
    expect(saved).toEqual({
      customType: 'BABYLON.SurfaceMaterial',
      name: 'brick-7',
      id: 'brick-7',
      uniqueId: material.uniqueId,
      albedo: {
        model: 'memory',
        size: [SIZE_PX, SIZE_PX],
        samplingMode: Texture.TRILINEAR_SAMPLINGMODE,
        mipmaps: true,
        tiles: true,
        recipe: RECIPE,
        uScale: 4,
        vScale: 4,
      },
      surface: { roughness: 0.5 },
      parallax: 'offset',
    });
    expect(JSON.stringify(saved).length).toBeLessThan(300);
  });

  it('comes back with the same maps and changed settings when the scene is loaded', async () => {
    const material = await makeBricks({ tiling: 3, surface: { depthPx: 9 }, parallax: 'occlusion' });
    material.albedoColor = new Color3(0.5, 0.25, 1);
    material.clearCoat.isEnabled = true;
    material.alphaMode = 1;
    material.stencil.funcRef = 5;
    Tags.AddTagsTo(material, 'wet');
    CreatePlane('wall', {}, scene).material = material;
    const file = JSON.stringify(SceneSerializer.Serialize(scene));
    expect(file).not.toMatch(/base64/);

    RegisterSurfaceMaterial();
    const other = new Scene(scene.getEngine());
    await loadTinyTextures(other);
    await AppendSceneAsync(`data:${file}`, other);
    const loaded = other.getMeshByName('wall')!.material as SurfaceMaterial;
    await next(loaded.onSurfaceObservable);
    for (const name of ['albedoTexture', 'bumpTexture', 'metallicTexture'] as const) {
      expect(uploadedTo(loaded[name]!), name).toEqual(uploadedTo(material[name]!));
      expect(loaded[name]!.getTextureMatrix().m).toEqual(material[name]!.getTextureMatrix().m);
    }
    expect(loaded.albedoColor.asArray()).toEqual([0.5, 0.25, 1]);
    expect(loaded.clearCoat.isEnabled).toBe(true);
    expect([loaded.alphaMode, loaded.stencil.funcRef, Tags.GetTags(loaded)]).toEqual([1, 5, 'wet']);
    expect(loaded).toMatchObject({ useParallax: true, useParallaxOcclusion: true });
    expect(loaded.serialize()).toEqual({ ...material.serialize(), uniqueId: loaded.uniqueId });
  });

  it('comes back with the maps that a game has put in the place of its own, and without those that it took away', async () => {
    const material = await makeBricks();
    material.bumpTexture = new Texture('data:dents', scene);
    material.metallicTexture = null;
    const saved = JSON.parse(JSON.stringify(material.serialize()));
    expect(Object.keys(saved.changed)).toEqual(['bumpTexture', 'metallicTexture']);
    const loaded = SurfaceMaterial.Parse(saved, scene);
    expect(loaded.bumpTexture!.name).toBe('data:dents');
    expect([loaded.metallicTexture, loaded.albedoTexture]).toEqual([null, loaded.albedo]);
    expect(loaded.serialize()).toMatchObject({ changed: saved.changed });
  });

  it('shows its own maps in further slots, saved and cloned, and pays heed to no other word of a file', async () => {
    const material = await makeBricks();
    material.emissiveTexture = material.albedo;
    material.ambientTexture = material.metallicTexture;
    material.metallicTexture = null;
    const saved = JSON.parse(JSON.stringify(material.serialize()));
    expect(saved.changed).toEqual({
      metallicTexture: null,
      emissiveTexture: { figmentMap: 'albedo' },
      ambientTexture: { figmentMap: 'orm' },
    });
    saved.changed.disposeTexture = { figmentMap: 'albedo' };
    for (const other of [SurfaceMaterial.Parse(saved, scene), material.clone('more bricks')]) {
      await other.whenWrittenAsync();
      expect(other.emissiveTexture).toBe(other.albedo);
      expect(other.albedo).not.toBe(material.albedo);
      expect([other.metallicTexture, other.bumpTexture!.name]).toEqual([null, `${other.name} normal`]);
      expect(uploadedTo(other.ambientTexture!)).toEqual(uploadedTo(material.ambientTexture!));
      expect(other).not.toHaveProperty('disposeTexture');
    }
  });

  it('can be reshaped and waited for before its picture is there', async () => {
    const material = await makeBricks();
    const saved = material.serialize();
    const loaded = SurfaceMaterial.Parse(saved, scene);
    const written = loaded.whenWrittenAsync();
    await expect(loaded.reshapeAsync({ depthPx: 1000 })).rejects.toThrow(RangeError);
    await loaded.reshapeAsync({ depthPx: 9 });
    await written;
    await material.reshapeAsync({ depthPx: 9 });
    expect(uploadedTo(loaded.bumpTexture!)).toEqual(uploadedTo(material.bumpTexture!));
    const given = SurfaceMaterial.Parse(saved, scene);
    const waiting = given.whenWrittenAsync();
    given.dispose();
    await expect(waiting).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });

  it('is cloned with a picture of its own', async () => {
    const material = await makeBricks({ tiling: 2 });
    material.stencil.funcRef = 5;
    Tags.AddTagsTo(material, 'wet');
    material.clearCoat.isEnabled = true;
    material.emissiveTexture = RawTexture.CreateRGBATexture(new Uint8Array(4), 1, 1, scene);
    const copy = material.clone('more bricks');
    await next(copy.onSurfaceObservable);
    expect(uploadedTo(copy.bumpTexture!)).toEqual(uploadedTo(material.bumpTexture!));
    expect(copy.albedoTexture).not.toBe(material.albedoTexture);
    expect([copy.name, copy.id]).toEqual(['more bricks', 'more bricks']);
    expect([copy.stencil.funcRef, Tags.GetTags(copy), copy.clearCoat.isEnabled]).toEqual([5, 'wet', true]);
    expect(copy.emissiveTexture!.getInternalTexture()).toBe(material.emissiveTexture.getInternalTexture());
  });
});
