// What a generated material brings into an asset container goes with it.
import '@babylonjs/core/Loading/Plugins/babylonFileLoader.js';
import '@babylonjs/core/Materials/colorCurves.js'; // materials of scene files name it
import { LoadAssetContainerAsync } from '@babylonjs/core/Loading/sceneLoader.js';
import { CreatePlane } from '@babylonjs/core/Meshes/Builders/planeBuilder.js';
import { SceneSerializer } from '@babylonjs/core/Misc/sceneSerializer.js';
import { Scene } from '@babylonjs/core/scene.js';
import { expect, it } from 'vitest';
import { RegisterSurfaceMaterial, type SurfaceMaterial } from '../material/surfaceMaterial.ts';
import { createScene, loadTinyMaterials } from '../testing/tinyScene.ts';

it('has the maps that were generated with its picture, in the container and in the scene', async () => {
  const scene = createScene();
  const tiny = await loadTinyMaterials(scene);
  const made = (await tiny.generateMaterialAsync({ label: 'brick', seed: 7 })) as SurfaceMaterial;
  CreatePlane('wall', {}, scene).material = made;
  expect(made.albedo.maps!.texture.name).toBe('brick-7 maps');
  const file = JSON.stringify(SceneSerializer.Serialize(scene));

  RegisterSurfaceMaterial();
  const other = new Scene(scene.getEngine());
  await loadTinyMaterials(other);
  const texturesOf = () => other.textures.filter((texture) => texture !== other.environmentBRDFTexture);
  const container = await LoadAssetContainerAsync(`data:${file}`, other, { pluginExtension: '.babylon' });
  const material = container.materials[0] as SurfaceMaterial;
  await material.whenWrittenAsync();
  const maps = material.albedo.maps!.texture;
  expect(texturesOf()).toEqual([]);
  expect(container.textures).toHaveLength(4);
  expect(container.textures).toContain(maps);
  container.addAllToScene();
  expect(texturesOf()).toContain(maps);
  container.removeAllFromScene();
  expect(texturesOf()).toEqual([]);
  container.dispose();
  expect(maps.getInternalTexture()).toBe(null);
  scene.getEngine().dispose();
});
