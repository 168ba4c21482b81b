// The gallery with portraits that have no frames, which need a page, painted by tiny models on an engine without a GPU.
import { Observable } from '@babylonjs/core/Misc/observable.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AssetGenerator, type PipelineName } from '../../../plugin/index.ts';
import { createScene } from '../../../plugin/testing/tinyScene.ts';
import { tinyModelFolder } from '../../../runtime/testing/tinyModel.ts';
import { TAVERN } from '../tavernFile.ts';
import { type Framed, Gallery } from './gallery.ts';
import type { SitterRecipe } from './keeping.ts';
import { Artist } from './sitter.ts';

let scene: Scene;
let gallery: Gallery;
const events = { onCome: vi.fn(), onStep: vi.fn(), onPortraits: vi.fn() };
const painted = new Map<string, SitterRecipe>();
const pipelines: PipelineName[] = [];

beforeEach(() => {
  scene = createScene();
  painted.clear();
  pipelines.length = 0;
  const portraits = TAVERN.portraits.slice(0, 3).map((plan, i) => {
    const place = `frame ${i + 1}`;
    const paintAsync = async ({ generator }: Artist, recipe: SitterRecipe, pipeline: PipelineName) => {
      await generator.generatePixelsAsync({ ...recipe, pipeline });
      painted.set(place, recipe);
      pipelines.push(pipeline);
    };
    const paintByAsync = async (pipeline: PipelineName) => pipelines.push(pipeline);
    return { plan, place, paintAsync, paintByAsync, onProgressObservable: new Observable() } as unknown as Framed;
  });
  gallery = new Gallery(portraits, events, 'cvae+ddpm');
});

afterEach(() => scene.getEngine().dispose());

async function load(labels: string[], sizePx = 16, cvae = false): Promise<Artist> {
  const files = await tinyModelFolder({ labels, sizePx, cvae });
  return new Artist(
    await AssetGenerator.LoadAsync(files, scene, { compute: 'thread', backend: 'wasm', frameBudgetMs: 20 }),
    'tiny',
  );
}

const labelsPainted = () => [...painted.values()].map(({ label }) => label);

it('has everybody painted by another model, whatever its labels and size', async () => {
  const first = await load(['elf', 'human_male', 'goblin']);
  await gallery.paintAllAsync(first);
  expect(labelsPainted().sort()).toEqual(['elf', 'goblin', 'human_male']);
  expect(events.onPortraits).toHaveBeenLastCalledWith(3, 3);

  await gallery.paintAllAsync(await load(['cat', 'dog'], 32));
  expect(first.generator.isDisposed).toBe(true);
  for (const label of labelsPainted()) expect(['cat', 'dog']).toContain(label);
});

it('lets the newest model win while the one before is still painting', async () => {
  const first = gallery.paintAllAsync(await load(['elf', 'troll']));
  const second = gallery.paintAllAsync(await load(['cat', 'dog']));
  await Promise.all([first, second]);
  for (const label of labelsPainted()) expect(['cat', 'dog']).toContain(label);
});

it('has portraits painted by the pipeline that is wished, where the model has it', async () => {
  await gallery.paintByAsync('cvae+ddpm'); // before there is a model
  await gallery.paintAllAsync(await load(['elf', 'troll'], 16, true));
  expect(pipelines).toEqual(['cvae+ddpm', 'cvae+ddpm', 'cvae+ddpm']);
  await gallery.paintByAsync('cvae');
  expect(pipelines.slice(3)).toEqual(['cvae', 'cvae', 'cvae']);
  await gallery.paintAllAsync(await load(['cat', 'dog']));
  await gallery.paintByAsync('cvae+ddpm');
  expect(new Set(pipelines.slice(6))).toEqual(new Set(['ddpm']));
});

it('tells of a model that cannot paint', async () => {
  const artist = await load(['elf']);
  artist.generator.dispose();
  await expect(gallery.paintAllAsync(artist)).rejects.toThrow(/is disposed/);
});
