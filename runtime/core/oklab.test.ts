import { expect, test } from 'vitest';
import { expectClose } from '../testing/matchers.ts';
import { toOklab } from './oklab.ts';

test('toOklab gives the values that CSS Color 4 lists', () => {
  const cases: [number[], number[]][] = [
    [
      [255, 255, 255],
      [1, 0, 0],
    ],
    [
      [0, 0, 0],
      [0, 0, 0],
    ],
    [
      [255, 0, 0],
      [0.62796, 0.22486, 0.12585],
    ],
    [
      [0, 255, 0],
      [0.86644, -0.23389, 0.1795],
    ],
    [
      [0, 0, 255],
      [0.45201, -0.03246, -0.31153],
    ],
  ];
  for (const [[red, green, blue], expected] of cases) {
    expectClose(toOklab(red!, green!, blue!), expected, { absolute: 5e-5 });
  }
  expect(toOklab(5, 5, 5)[0]).toBeGreaterThan(0); // the linear part of sRGB
});
