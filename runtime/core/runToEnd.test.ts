import { expect, it } from 'vitest';
import { runToEnd } from './runToEnd.ts';

it('passes over the pauses and returns the result', () => {
  const passed: number[] = [];
  const count = function* () {
    for (let i = 0; i < 3; i++) {
      passed.push(i);
      yield 'a pause';
    }
    return passed.length;
  };
  expect(runToEnd(count())).toBe(3);
  expect(passed).toEqual([0, 1, 2]);
});
