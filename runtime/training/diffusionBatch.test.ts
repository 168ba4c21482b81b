import { expect, it } from 'vitest';
import { drawTimesteps } from './diffusionBatch.ts';

it.each([1, 5, 0.2])('draws timesteps with a shift of %d as eq. (23) spreads them', (timestepShift) => {
  const count = 20_000;
  const drawn = drawTimesteps(count, { seed: 4, timestepShift }, 9);
  expect([...drawn].every((t) => Number.isInteger(t) && t >= 0 && t <= 999)).toBe(true);
  for (const t of [20, 100, 500, 900, 980]) {
    const place = t / 1000;
    const expected = place / (timestepShift - (timestepShift - 1) * place); // the inverse: the u below which t is
    expect(Math.abs(drawn.filter((value) => value < t).length / count - expected), `below ${t}`).toBeLessThan(0.012);
  }
});
