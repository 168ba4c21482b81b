// A portrait without its frame, which needs a page, painted by a tiny model on an engine without a GPU.
import { TransformNode } from '@babylonjs/core/Meshes/transformNode.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AssetGenerator } from '../../../plugin/index.ts';
import { createScene, ON_THIS_THREAD } from '../../../plugin/testing/tinyScene.ts';
import { tinyModelFolder } from '../../../runtime/testing/tinyModel.ts';
import { TAVERN } from '../tavernFile.ts';
import { Portrait } from './portrait.ts';
import { Artist } from './sitter.ts';

vi.mock('./frame.ts', () => ({
  createFrame: (scene: Scene) => ({ root: new TransformNode('frame', scene) }),
  hideIn: () => {},
  showIn: () => {},
  NamePlate: class {
    mesh = new TransformNode('plate');
    engrave() {}
  },
}));

const CALM = { label: 'elf', seed: 1, attributes: { expression: 'neutral' } };
let scene: Scene;
let portrait: Portrait;

beforeEach(async () => {
  scene = createScene();
  const files = await tinyModelFolder({ attributes: { expression: ['neutral', 'surprised'] } });
  const artist = new Artist(await AssetGenerator.LoadAsync(files, scene, ON_THIS_THREAD), 'tiny');
  portrait = new Portrait(scene, TAVERN.portraits[0]!, 'frame 1', 4);
  await portrait.paintAsync(artist, CALM, 'ddpm');
});

afterEach(() => scene.getEngine().dispose());

it('is awaited until a model is there to paint it, or is known not to be', async () => {
  const blank = new Portrait(scene, TAVERN.portraits[1]!, 'frame 2', 4);
  expect(blank.isPainting).toBe(true);
  await expect(blank.changeAsync({ seed: 2 })).rejects.toThrow('still on the way');
  const changed = vi.fn();
  blank.onChangedObservable.add(changed);
  blank.giveUp();
  expect(changed).toHaveBeenCalledOnce();
  expect(blank.isPainting).toBe(false);
  await expect(blank.changeAsync({ seed: 2 })).rejects.toThrow(/no model here .* reload the page/);
});

it('leaves no passing expression behind, also where a change makes way for a newer one', async () => {
  await portrait.expressAsync('surprised');
  const first = portrait.changeAsync({ seed: 2 });
  expect(portrait.isPainting).toBe(true);
  const second = portrait.changeAsync({ seed: 3 });
  await expect(first).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  await second;
  expect(portrait.recipe).toMatchObject({ seed: 3, attributes: { expression: 'neutral' } });
  expect(portrait.recipe).not.toHaveProperty('sameAs');
});

it('goes back from a passing expression after a change that fails', async () => {
  const { attributes } = portrait.recipe;
  await portrait.expressAsync('surprised');
  await expect(portrait.changeAsync({ label: 'nobody' })).rejects.toThrow('nobody');
  expect(portrait.recipe.attributes).toEqual(attributes);
  await portrait.expressAsync(null);
  expect(portrait.recipe.attributes, 'of the texture').toEqual(attributes);
});
