import { expect, it } from 'vitest';
import { withAttribute } from './withAttribute.ts';

const VOCABULARY = { hair: ['red', 'grey'], mood: ['sad', 'happy'], constructor: ['smith', 'mason'] };
const ELF: Parameters<typeof withAttribute>[0] = { attributes: { mood: 'sad' }, sameAs: {} };

it('asks for another value, and says what it was at first', () => {
  const happy = withAttribute(ELF, 'mood', 'happy', VOCABULARY);
  expect(happy).toEqual({ attributes: { mood: 'happy' }, sameAs: { mood: 'sad' } });
  expect(withAttribute(happy, 'mood', null, VOCABULARY)).toEqual({ attributes: {}, sameAs: { mood: 'sad' } });
});

it('gives the same recipe in whatever order attributes are chosen', () => {
  const choose = (names: readonly string[]) =>
    names.reduce((asked, name) => withAttribute(asked, name, name === 'hair' ? 'red' : 'happy', VOCABULARY), ELF);
  expect(JSON.stringify(choose(['mood', 'hair']))).toBe(JSON.stringify(choose(['hair', 'mood'])));
});

it('takes an attribute for one that was open, though every object has its name', () => {
  const { attributes, sameAs } = withAttribute(ELF, 'constructor', 'smith', VOCABULARY);
  expect(Object.entries(attributes)).toContainEqual(['constructor', 'smith']);
  expect(Object.entries(sameAs)).toEqual([['constructor', 'any']]);
});
