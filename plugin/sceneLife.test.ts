// What ends with a scene, and who is told of it.
import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import type { Observable } from '@babylonjs/core/Misc/observable.js';
import { Scene } from '@babylonjs/core/scene.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { AssetGenerator } from './assetGenerator.ts';
import { SurfaceMaterial } from './material/surfaceMaterial.ts';
import { createScene, loadTiny, loadTinyTextures } from './testing/tinyScene.ts';
import { loadedModels } from './texture/loadedModels.ts';

let scene: Scene;
beforeEach(() => {
  scene = createScene();
});
afterEach(() => {
  scene.getEngine().dispose();
});

/** Ends a scene or an engine, and expects that no model of it is left and that a game is told, too. */
async function expectEnd<Ending extends Scene | AbstractEngine>(
  ending: Ending & { onDisposeObservable: Observable<Ending> },
  models: readonly AssetGenerator[],
): Promise<void> {
  const told = vi.fn();
  ending.onDisposeObservable.add(told);
  await new Promise((resolve) => setTimeout(resolve, 20)); // Babylon has forgotten by then whom it need not tell any longer
  ending.dispose();
  expect(models.map(({ isDisposed }) => isDisposed)).toEqual(models.map(() => true));
  expect(told).toHaveBeenCalledTimes(1);
}

it('ends all models of a scene, and a game is told of the end, too', async () => {
  await expectEnd(scene, [await loadTiny(scene), await loadTinyTextures(scene), await loadTiny(scene)]);
});

it('ends the models of all scenes with their engine', async () => {
  const engine = scene.getEngine();
  await expectEnd(engine, [await loadTiny(scene), await loadTiny(new Scene(engine)), await loadTiny(scene)]);
});

it('tells all of an error, also where one who hears of it disposes the material', async () => {
  await loadTinyTextures(scene);
  const material = new SurfaceMaterial('wall', loadedModels(scene)[0]!.createTexture('empty'));
  const told = vi.fn();
  const observers = [
    Texture.OnTextureLoadErrorObservable.add(() => material.dispose()),
    Texture.OnTextureLoadErrorObservable.add(told),
  ];
  Texture.OnTextureLoadErrorObservable.notifyObservers(material.albedo);
  for (const observer of observers) observer.remove(true);
  expect(told).toHaveBeenCalledTimes(1);
});
