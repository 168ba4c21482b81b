import type { Scene } from '@babylonjs/core/scene.js';
import { PictureSource } from '../pictureSource.ts';

const sources = new WeakMap<Scene, Map<string, Promise<PictureSource>>>();

/** Makes a source known, so that textures parsed later in its scene use it. */
export function registerSource(source: PictureSource): void {
  registerPromise(source.scene, source.name, Promise.resolve(source));
}

/** Finds the source that was loaded for this scene from this address, or loads it with default options. */
export async function sourceFor(scene: Scene, address: string): Promise<PictureSource> {
  const known = sources.get(scene)?.get(keyOf(address));
  const source = await known?.catch(() => null);
  if (source && !source.isDisposed) return source;
  const loading = sources.get(scene)?.get(keyOf(address));
  if (loading && loading !== known) return loading; // another texture has begun to load it
  const loaded = PictureSource.LoadAsync(address, scene);
  registerPromise(scene, address, loaded);
  return loaded;
}

function registerPromise(scene: Scene, address: string, source: Promise<PictureSource>): void {
  const ofScene = sources.get(scene) ?? new Map<string, Promise<PictureSource>>();
  sources.set(scene, ofScene.set(keyOf(address), source));
}

function keyOf(address: string): string {
  return address.replace(/\/+$/, '');
}
