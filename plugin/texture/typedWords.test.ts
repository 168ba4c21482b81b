// What a generator of certain words has made it takes again: the compiler tells, and the tests are run besides.
import { expect, it } from 'vitest';
import type { AssetGenerator } from '../assetGenerator.ts';
import { tiny, useTiny } from '../testing/tinySuite.ts';

useTiny();

interface TinyWords {
  label: 'elf' | 'goblin' | 'orc';
  attributes: { readonly hair?: 'red' };
}

it('takes the recipe of a texture and of a cell that it has made', async () => {
  const typed = tiny as AssetGenerator<TinyWords>;
  const texture = await typed.generateTextureAsync({ label: 'elf', seed: 7 });
  const again = await typed.generateTextureAsync({ ...texture.recipe!, seed: 8 });
  await again.regenerateAsync(texture.newestRecipe!);
  expect(again.recipe).toEqual(texture.recipe);
  const sprites = await typed.generateSpritesAsync({ recipes: [texture.recipe!], numSpareCells: 1 });
  await sprites.repaintCellAsync(1, sprites.cells[0]!);
  expect(sprites.cells[1]).toEqual(texture.recipe);
});
