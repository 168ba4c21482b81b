import { expect, it } from 'vitest';
import { attributesFromText, combinations, numCombinations, variedNames } from './combinations.ts';

it('makes every choice of the values, each once, the last attribute changing fastest', () => {
  const asked = { sex: 'male', hair: ['red', 'black', 'red'], wear: [0, 0.5] };
  expect(combinations(asked)).toEqual([
    { attributes: { sex: 'male', hair: 'red', wear: 0 }, varied: ['red', 0] },
    { attributes: { sex: 'male', hair: 'red', wear: 0.5 }, varied: ['red', 0.5] },
    { attributes: { sex: 'male', hair: 'black', wear: 0 }, varied: ['black', 0] },
    { attributes: { sex: 'male', hair: 'black', wear: 0.5 }, varied: ['black', 0.5] },
  ]);
  expect(numCombinations(asked)).toBe(4);
  expect(variedNames(asked)).toEqual(['hair', 'wear']);
});

it('has one choice where nothing is asked for', () => {
  expect(combinations()).toEqual([{ attributes: {}, varied: [] }]);
  expect(numCombinations()).toBe(1);
});

it('reads attributes from a text, and several values of one', () => {
  expect(attributesFromText('hair=red,expression=happy')).toEqual({ hair: 'red', expression: 'happy' });
  expect(attributesFromText(' hair = red, black,wear=0.5,1')).toEqual({ hair: ['red', 'black'], wear: [0.5, 1] });
  expect(attributesFromText('hair=black', { hair: 'red', sex: 'male' })).toEqual({
    hair: ['red', 'black'],
    sex: 'male',
  });
});

it.each(['', 'red', 'hair=', '=red', 'hair=red,', 'hair=red=blue'])('does not read %j', (text) => {
  expect(attributesFromText(text)).toBeUndefined();
});
