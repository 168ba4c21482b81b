import { expect, it } from 'vitest';
import { differenceOf, numStepsAlike } from './sameness.ts';

it.each([
  [{}, {}, {}],
  [{ mood: 'sad' }, { mood: 'calm' }, { mood: 'calm' }],
  [{ mood: 'sad' }, { mood: 'sad', hair: 'any' }, {}],
  [{ mood: undefined, hair: 'red' }, { mood: 'any', hair: 'any' }, { hair: 'any' }],
  [{}, { mood: undefined, hair: 'red' }, { hair: 'red' }],
])('of %j and %j the difference is %j', (attributes, sameAs, difference) => {
  expect(differenceOf({ attributes, sameAs })).toEqual(difference);
});

it.each([
  [0.2, 4, 0],
  [0.29, 100, 29],
  [1, 20, 20],
  [undefined, 20, 0],
])('a share of %j of %i steps is %i', (sameFor, numInferenceSteps, count) => {
  expect(numStepsAlike({ sameFor, numInferenceSteps })).toBe(count);
});
