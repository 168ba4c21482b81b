// What a game asks for when it has a sheet of sprites made: numbers, recipes and a signal.
import { expect, it, onTestFinished, vi } from 'vitest';
import { tiny, useTiny } from '../testing/tinySuite.ts';

useTiny();

it('says what is no number, and no recipe', async () => {
  const refused = (options: object, problem: string) =>
    expect(tiny.generateSpritesAsync(options)).rejects.toThrow(`generateSpritesAsync: ${problem}`);
  await refused({ count: '3' }, 'count is "3"; expected a whole number from 1');
  await refused({ worldHeight: '2' }, 'worldHeight is "2"; expected a number above 0');
  await refused({ recipes: [{}, undefined] }, 'recipe 1 is undefined; expected one, or {} for any picture');
  const sprites = await tiny.generateSpritesAsync({ labels: ['elf'], seed: 3 });
  await expect(sprites.repaintCellAsync('0' as never)).rejects.toThrow('cell is "0"; expected a whole number');
});

it('lets few listen to one signal, however many cells there are', async () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  onTestFinished(() => warned.mockRestore());
  await tiny.generateSpritesAsync({ count: 12, seed: 3, numInferenceSteps: 1 });
  expect(warned).not.toHaveBeenCalled();
});
