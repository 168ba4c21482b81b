import { expect, it } from 'vitest';
import { expectUncorrelated } from '../testing/matchers.ts';
import { TINY_DIFFUSION_OPTIONS, tinyLatents } from '../testing/tinyTraining.ts';
import { diffusionBatch, drawTimesteps } from './diffusionBatch.ts';

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

it('draws the noise of the posterior apart from the noise that is learnt', () => {
  const { mean, std, ...known } = tinyLatents();
  const latents = { ...known, mean: mean.map(() => 0), std: std.map(() => 1) }; // x0 is the noise of the posterior
  const all = Int32Array.from(latents.classLabels.keys());
  const options = { ...TINY_DIFFUSION_OPTIONS, batchSize: 64, isRolled: false };
  const { x0, eps } = diffusionBatch(latents, { mean: [0], std: [1] }, all, 3, options, 5);
  expectUncorrelated(x0!.data, eps!.data);
});
