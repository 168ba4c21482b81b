// A scene without a GPU and a model of a few thousand weights, for tests in Node.
import { NullEngine } from '@babylonjs/core/Engines/nullEngine.js';
import type { BaseTexture } from '@babylonjs/core/Materials/Textures/baseTexture.js';
import { Scene } from '@babylonjs/core/scene.js';
import { TINY_FRAMES, type TinyModelOptions, tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { AssetGenerator, type AssetGeneratorOptions } from '../assetGenerator.ts';

export function createScene(): Scene {
  return new Scene(new NullEngine());
}

/** The tiny model on this thread, on tfjs's wasm backend. */
export async function loadTiny(scene: Scene, options: AssetGeneratorOptions = {}): Promise<AssetGenerator> {
  return AssetGenerator.LoadAsync(await tinyModelFolder(), scene, { ...ON_THIS_THREAD, ...options });
}

/** Computes here, on wasm. */
export const ON_THIS_THREAD: AssetGeneratorOptions = { compute: 'thread', backend: 'wasm', frameBudgetMs: 20 };

/** A tiny model whose pictures repeat: RGB, with circular padding, tiles of 16 × 16. */
export const TINY_TEXTURES: TinyModelOptions = { labels: ['brick', 'wood'], circularPadding: true, channels: 3 };

/** The tiny model of textures, as `loadTiny`. */
export async function loadTinyTextures(scene: Scene, options: AssetGeneratorOptions = {}): Promise<AssetGenerator> {
  return AssetGenerator.LoadAsync(await tinyModelFolder(TINY_TEXTURES), scene, { ...ON_THIS_THREAD, ...options });
}

/** A tiny model of materials: their maps are made with the picture, and they age. */
export const TINY_MATERIALS: TinyModelOptions = {
  ...TINY_TEXTURES,
  channels: 6,
  attributes: { wear: { min: 0, max: 1 }, colour: ['red', 'grey'] },
};

/** The tiny model of materials, as `loadTiny`. */
export async function loadTinyMaterials(scene: Scene, options: AssetGeneratorOptions = {}): Promise<AssetGenerator> {
  return AssetGenerator.LoadAsync(await tinyModelFolder(TINY_MATERIALS), scene, { ...ON_THIS_THREAD, ...options });
}

/** A tiny model of characters that stand and walk: frames of 8 × 12, as `loadTiny`. */
export async function loadTinyWalks(scene: Scene, options: TinyModelOptions = {}): Promise<AssetGenerator> {
  const files = await tinyModelFolder({ sizePx: 8, heightPx: 12, frames: TINY_FRAMES, ...options });
  return AssetGenerator.LoadAsync(files, scene, ON_THIS_THREAD);
}

/** What was uploaded to a texture: RGBA bytes, as the texture has them. */
export function uploadedTo(texture: BaseTexture): Uint8Array {
  const { _bufferView } = texture.getInternalTexture()!;
  return Uint8Array.from(_bufferView as Uint8Array);
}

/** The rows of an image in reverse order. */
export function flipped(pixels: Uint8Array, widthPx: number): Uint8Array {
  const rowBytes = 4 * widthPx;
  const rows = Array.from({ length: pixels.length / rowBytes }, (_, row) =>
    pixels.slice(row * rowBytes, (row + 1) * rowBytes),
  );
  return Uint8Array.from(rows.reverse().flatMap((row) => [...row]));
}

/** Resolves with what an observable tells next. */
export function next<T>(observable: { addOnce(callback: (value: T) => void): unknown }): Promise<T> {
  return new Promise((resolve) => {
    observable.addOnce(resolve);
  });
}
