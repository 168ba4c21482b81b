import { expect, it } from 'vitest';
import { LossCurve, MAX_POINTS } from './lossCurve.ts';

function curveOf(numSteps: number): LossCurve {
  const curve = new LossCurve();
  for (let step = 1; step <= numSteps; step++) curve.add(step);
  return curve;
}

it('has every step at first, then means of as many steps each', () => {
  expect(curveOf(3).curve).toEqual({ steps: [1, 2, 3], losses: [1, 2, 3] });
  const { steps, losses } = curveOf(MAX_POINTS + 2).curve;
  expect(steps.slice(0, 3)).toEqual([2, 4, 6]);
  expect(losses.slice(0, 3)).toEqual([1.5, 3.5, 5.5]);
  expect(losses.at(-1)).toBe(MAX_POINTS + 1.5);
  const long = curveOf(20_000).curve;
  expect(long.losses.length).toBeLessThan(MAX_POINTS);
  const stepsPerPoint = long.steps[0]!;
  long.losses.forEach((loss, i) => {
    expect(loss).toBeCloseTo(long.steps[i]! - (stepsPerPoint - 1) / 2, 6);
  });
});

it('goes on from what was stored as if nothing had been', () => {
  const curve = LossCurve.restore(structuredClone(curveOf(777).store()));
  for (let step = 778; step <= 1500; step++) curve.add(step);
  expect(curve.curve).toEqual(curveOf(1500).curve);
});

it('forgets what came after a step', () => {
  const curve = curveOf(10);
  curve.rewind(4);
  expect(curve.curve).toEqual(curveOf(4).curve);
  curve.rewind(9);
  expect(curve.curve.steps).toHaveLength(4);
  const long = curveOf(1000);
  long.rewind(601);
  const before = curveOf(601).curve;
  expect(long.curve.losses).toEqual(curveOf(1000).curve.losses.slice(0, Math.floor(601 / long.curve.steps[0]!)));
  expect(long.curve.steps.at(-1)).toBeLessThanOrEqual(before.steps.at(-1)!);
});
