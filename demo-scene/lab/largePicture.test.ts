import { expect, it } from 'vitest';
import { createScene, loadTiny } from '../../plugin/testing/tinyScene.ts';
import { describePicture } from './largePicture.ts';
import { defaultSettings, labRecipe } from './settings.ts';

it('tells what the large picture shows in words that people read', async () => {
  const { info } = await loadTiny(createScene());
  const recipe = labRecipe({ ...defaultSettings(info), label: 'human_elder' }, info);
  expect(describePicture(recipe, info)).toBe('Picture: human elder, seed 7, guidance 2, 3 steps of ddim');
});
