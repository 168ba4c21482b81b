// What ends with a scene, and who is told of it.
import { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import { Scene } from '@babylonjs/core/scene.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
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

/** Lets Babylon forget those whom it need not tell any longer. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

it('ends all models of a scene, and a game is told of the end, too', async () => {
  const models = [await loadTiny(scene), await loadTinyTextures(scene), await loadTiny(scene)];
  const told = vi.fn();
  scene.onDisposeObservable.add(told);
  await settled();
  scene.dispose();
  expect(models.map(({ isDisposed }) => isDisposed)).toEqual([true, true, true]);
  expect(told).toHaveBeenCalledTimes(1);
});

it('ends the models of all scenes with their engine', async () => {
  const engine = scene.getEngine();
  const models = [await loadTiny(scene), await loadTiny(new Scene(engine)), await loadTiny(scene)];
  const told = vi.fn();
  engine.onDisposeObservable.add(told);
  await settled();
  engine.dispose();
  expect(models.map(({ isDisposed }) => isDisposed)).toEqual([true, true, true]);
  expect(told).toHaveBeenCalledTimes(1);
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
