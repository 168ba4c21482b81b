import type { Scene } from '@babylonjs/core/scene.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AssetGenerator, GeneratedTexture } from '../index.ts';
import { createScene, loadTiny } from '../testing/tinyScene.ts';
import { paintableOf } from './paintable.ts';
import { Trial, trialOf } from './trial.ts';

let scene: Scene;
let tiny: AssetGenerator;
let texture: GeneratedTexture;
let trial: Trial;

beforeEach(async () => {
  scene = createScene();
  tiny = await loadTiny(scene);
  texture = await tiny.generateTextureAsync({ label: 'elf', seed: 7, guidanceScale: 3, numInferenceSteps: 2 });
  trial = new Trial(paintableOf(texture)!);
});

afterEach(() => {
  scene.getEngine().dispose();
});

describe('a trial', () => {
  it('changes the picture, and takes all back that was not kept', async () => {
    const first = texture.recipe;
    expect(trial.state).toEqual({ recipe: first, isPainting: false, isChanged: false, problem: null });
    await trial.changeAsync({ label: 'orc', interpolate: { seed: 9, amount: 0.5 } });
    expect(trial.state).toMatchObject({ recipe: { label: 'orc', seed: 7, guidanceScale: 3 }, isChanged: true });
    expect(trial.state.recipe).toBe(texture.recipe);
    await trial.backAsync();
    expect(trial.state).toMatchObject({ recipe: first, isChanged: false });
    expect(texture.recipe).toEqual(first);
  });

  it('takes back what is being painted still', async () => {
    const first = texture.recipe;
    const changing = trial.changeAsync({ interpolate: { seed: 9, amount: 0.5 } });
    await Promise.all([trial.backAsync(), changing]);
    expect(texture.recipe).toEqual(first);
    expect(trial.state).toMatchObject({ isChanged: false, problem: null });
  });

  it('keeps what it is told to', async () => {
    await trial.changeAsync({ seed: 8 });
    expect(trial.keep()).toMatchObject({ before: { seed: 7 }, after: { seed: 8 } });
    expect(trial.state.isChanged).toBe(false);
    await trial.rerollAsync();
    expect(texture.recipe!.seed).not.toBe(8);
    await trial.backAsync();
    expect(texture.recipe!.seed).toBe(8);
  });

  it('takes changes that come fast together', async () => {
    const seen: boolean[] = [];
    trial.onChangedObservable.add(({ isPainting }) => seen.push(isPainting));
    await Promise.all([trial.changeAsync({ seed: 8 }), trial.changeAsync({ label: 'goblin' })]);
    expect(texture.recipe).toMatchObject({ seed: 8, label: 'goblin' });
    expect(trial.state).toMatchObject({ recipe: { seed: 8, label: 'goblin' }, isPainting: false, problem: null });
    expect(seen).toEqual([true, true, false]);
  });

  it('tells why a change could not be made, and shows what is there', async () => {
    await trial.changeAsync({ label: 'dragon' });
    expect(trial.state).toMatchObject({
      recipe: { label: 'elf' },
      isPainting: false,
      problem: expect.stringMatching(/dragon/),
    });
    await trial.changeAsync({ label: 'orc' });
    expect(trial.state.problem).toBeNull();
  });

  it('follows what others paint, as long as it watches', async () => {
    const stop = trial.watch();
    await texture.regenerateAsync({ seed: 20 });
    expect(trial.state).toMatchObject({ recipe: { seed: 20 }, isChanged: true });
    stop();
    await texture.regenerateAsync({ seed: 21 });
    expect(trial.state.recipe.seed).toBe(20);
    trial.watch();
    expect(trial.state.recipe.seed).toBe(21);
  });

  it('goes on when the picture is selected again', async () => {
    const left = trialOf(paintableOf(texture)!);
    await left.changeAsync({ seed: 8 });
    const again = trialOf(paintableOf(texture)!);
    expect(again.state.isChanged).toBe(true);
    await again.backAsync();
    expect(texture.recipe!.seed).toBe(7);
    const other = await tiny.generateTextureAsync({ ...texture.recipe!, name: texture.name });
    expect(trialOf(paintableOf(other)!)).not.toBe(again);
  });

  it('is one for all sprites that show a cell, so that what was kept for one was kept for all', async () => {
    const sprites = await tiny.generateSpritesAsync({ recipes: [{ label: 'elf', seed: 7 }] });
    const [one, two] = ['one', 'two'].map((name) => sprites.createSprite(0, name));
    const kept = trialOf(paintableOf(one)!);
    await kept.changeAsync({ seed: 8 });
    kept.keep();
    expect(trialOf(paintableOf(two)!).state).toMatchObject({ recipe: { seed: 8 }, isChanged: false });
  });
});
