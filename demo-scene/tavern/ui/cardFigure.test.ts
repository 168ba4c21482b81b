import { expect, it } from 'vitest';
import { parseFrames } from '../../../runtime/core/frames.ts';
import { walkOf } from './cardFigure.ts';

it('walks twice in each direction that the model knows, the first of them to the eye', () => {
  const frames = parseFrames([
    { direction: 'left', frame: 0 },
    { direction: 'left', frame: 1 },
    { direction: 'down', frame: 'stand' },
    { direction: 'down', frame: 0 },
    { direction: 'down', frame: 1 },
  ]);
  expect(walkOf({ frames })).toEqual([3, 4, 3, 4, 0, 1, 0, 1]);
  expect(walkOf({})).toEqual([]);
});
