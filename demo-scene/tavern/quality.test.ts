import { expect, it } from 'vitest';
import { Coarseness, qualityWish } from './quality.ts';

/** How coarse it gets where a frame of full size takes so many seconds, and a smaller one in proportion to its pixels. */
function settle(fullFrameS: number, fixedS = 0.004) {
  const coarseness = new Coarseness();
  const values: number[] = [];
  const fps = () => 1 / (fixedS + fullFrameS / coarseness.value ** 2);
  for (let i = 0; i < 40; i++) {
    coarseness.measure(Math.min(60, fps()));
    values.push(coarseness.value);
  }
  return { fps: fps(), value: coarseness.value, last: values.slice(-20) };
}

it.each([0.07, 0.1, 0.25, 0.5])(
  'moves at 15 frames a second or more where a full frame takes %d s, and stays there',
  (s) => {
    const { fps, value, last } = settle(s);
    expect(fps).toBeGreaterThanOrEqual(15);
    expect(value).toBeLessThanOrEqual(4);
    expect(new Set(last).size).toBe(1);
  },
);

it('is asked for by the address, or else by the visitor', () => {
  expect(qualityWish('?quality=low', 'high')).toBe('low');
  expect(qualityWish('?arrivals=off', 'high')).toBe('high');
  expect(qualityWish('?quality=splendid', 'high')).toBe('auto');
});

it('draws every pixel where that is fast enough, and as few as it may where nothing helps', () => {
  expect(settle(0.01).value).toBe(1);
  expect(settle(9).value).toBe(4);
});

it('is sharp again once the machine has time again', () => {
  const coarseness = new Coarseness();
  coarseness.measure(10);
  for (let i = 0; i < 20; i++) coarseness.measure(60);
  expect(coarseness.value).toBe(1);
});
