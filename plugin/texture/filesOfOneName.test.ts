// Models that were loaded from files have no address: two of them in one scene have the same name.
import { Logger } from '@babylonjs/core/Misc/logger.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { AssetGenerator } from '../assetGenerator.ts';
import { GeneratedSheet } from '../sprite/generatedSheet.ts';
import { createScene, next, ON_THIS_THREAD, uploadedTo } from '../testing/tinyScene.ts';
import { GeneratedTexture } from './generatedTexture.ts';

const RECIPE = { label: 'elf', seed: 7 };

let scene: Scene;

beforeEach(() => {
  scene = createScene();
});

afterEach(() => {
  vi.restoreAllMocks();
  scene.getEngine().dispose();
});

/** Models of the same form with other weights, from files of a folder of that name. */
async function load(weights: number, name: string): Promise<AssetGenerator> {
  const folder = Object.entries(await tinyModelFolder({ seed: weights }));
  const files = folder.map(([path, bytes]) => new File([bytes as Uint8Array<ArrayBuffer>], `${name}/${path}`));
  return AssetGenerator.LoadAsync(files, scene, ON_THIS_THREAD);
}

async function parsed(saved: ReturnType<GeneratedTexture['serialize']>): Promise<Uint8Array> {
  const texture = GeneratedTexture.Parse(saved!, scene, '');
  await next(texture.onLoadObservable);
  const picture = uploadedTo(texture);
  texture.dispose(); // and so the model belongs to its generator alone
  return picture;
}

it('are told apart by what is saved, whichever was loaded last', async () => {
  const warned = vi.spyOn(Logger, 'Warn').mockImplementation(() => {});
  const [first, second] = [await load(1, 'villagers'), await load(2, 'villagers')];
  const textures = [await first.generateTextureAsync(RECIPE), await second.generateTextureAsync(RECIPE)];
  const pictures = textures.map(uploadedTo);
  expect(pictures[0]).not.toEqual(pictures[1]);
  const saved = textures.map((texture) => texture.serialize());
  expect(saved[0]!.model).toBe(`villagers#${first.info.hash.slice(0, 8)}`);
  expect([await parsed(saved[0]!), await parsed(saved[1]!)]).toEqual(pictures);
  const again = GeneratedTexture.Parse(saved[0]!, scene, '');
  expect(again.serialize()!.model).toBe(saved[0]!.model);
  again.dispose();

  const { sheet } = await first.generateSpritesAsync({ labels: ['elf'], seed: 7 });
  const restored = GeneratedSheet.Parse(sheet.serialize(), scene, '');
  await restored.whenPaintedAsync();
  expect(uploadedTo(restored)).toEqual(uploadedTo(sheet));
  expect(warned).not.toHaveBeenCalled();

  second.dispose();
  expect(textures[0]!.serialize()!.model).toBe('villagers');
  expect(await parsed(saved[0]!)).toEqual(pictures[0]);
  expect(warned).not.toHaveBeenCalled();
  expect(await parsed(saved[1]!)).toEqual(pictures[0]); // of the one that is left
  expect(warned).toHaveBeenCalledOnce();
});

it('are doubtful in a file that was saved when there was one, and warned of', async () => {
  const first = await load(1, 'knights');
  const texture = await first.generateTextureAsync(RECIPE);
  const saved = texture.serialize()!;
  expect(saved.model).toBe('knights');
  const warned = vi.spyOn(Logger, 'Warn').mockImplementation(() => {});
  expect(await parsed(saved)).toEqual(uploadedTo(texture));
  await load(1, 'knights');
  expect(await parsed(saved)).toEqual(uploadedTo(texture)); // the same files are the same model
  expect(warned).not.toHaveBeenCalled();
  await load(2, 'knights');
  await parsed(saved);
  expect(warned.mock.calls).toEqual([[expect.stringMatching(/names the model "knights", and what the scene has/)]]);
});
