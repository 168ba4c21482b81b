import { expect, it } from 'vitest';
import { withAttribute } from './sheet.ts';

const RECIPE = { label: 'elf', seed: 7, attributes: { hair: 'red' } };

it('changes one attribute of a person, and says what it was', () => {
  expect(withAttribute(RECIPE, 'hair', 'grey')).toEqual({ attributes: { hair: 'grey' }, sameAs: { hair: 'red' } });
  expect(withAttribute(RECIPE, 'hair', null)).toEqual({ attributes: undefined, sameAs: { hair: 'red' } });
});

it('takes an attribute for one that was open, though every object has its name', () => {
  const { attributes, sameAs } = withAttribute(RECIPE, 'constructor', 'smith');
  expect([Object.entries(attributes!), Object.entries(sameAs!)]).toEqual([
    [
      ['hair', 'red'],
      ['constructor', 'smith'],
    ],
    [['constructor', 'any']],
  ]);
});
