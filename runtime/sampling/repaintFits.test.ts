// What repainting is for: the new part has to fit the kept one. Here that is known exactly, by data of two numbers that hang
// together, for which the perfect network is a matrix.
import { add, mul, reverse, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { normals } from '../core/random.ts';
import type { SamplerName } from '../core/samplingBounds.ts';
import { runToEnd } from '../core/slices.ts';
import { createSampler } from '../diffusion/sampler.ts';
import { parseSchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { ONE_TILE } from '../networks/windows.ts';
import { EDIT_DEFAULTS } from '../recipe/defaults.ts';
import * as denoise from './denoise.ts';
import { noise } from './latentNoise.ts';
import type { DiffusionModel } from './model.ts';
import { repaintInSlices, repaintingOf } from './repaint.ts';
import type { SamplingPlan } from './samplingPlan.ts';

const NUM_PAIRS = 2000;
/** How the two numbers of a pair are correlated; each has variance 1. */
const CORRELATION = 0.9;

/** One step by E[x0 | xt], which is (a, b) ↦ (p·a + q·b, q·a + p·b). */
function perfectStep(plan: SamplingPlan, xt: Tensor4D, index: number, pass: number) {
  const { sampler } = plan;
  const { signal, noise: std } = sampler.level(index);
  const [shared, own] = [1 + CORRELATION, 1 - CORRELATION].map((v) => (signal * v) / (signal ** 2 * v + std ** 2));
  const [p, q] = [(shared! + own!) / 2, (shared! - own!) / 2];
  return tidy(() => {
    const x0: Tensor4D = add(mul(xt, p), mul(reverse(xt, 2), q));
    return sampler.step(x0, index, xt, noise(plan, 'step', index, pass));
  });
}

beforeAll(async () => {
  await selectBackend({ backend: 'wasm' });
  // biome-ignore lint/correctness/useYield: a slice that does not pause
  vi.spyOn(denoise, 'denoiseInSlices').mockImplementation(function* (_, plan, xt, index, pass = 0) {
    return { ...perfectStep(plan, xt, index, pass), guidanceNorm: null };
  });
});

afterAll(() => vi.restoreAllMocks());

/** The correlation of what is made new with what is kept. */
async function correlation(name: SamplerName, resamples: number): Promise<number> {
  const config = { _class_name: 'DDIMScheduler', beta_schedule: 'squaredcos_cap_v2', prediction_type: 'sample' };
  const scheduler = parseSchedulerConfig({ ...config, timestep_spacing: 'trailing', clip_sample: false }, 'test');
  const sampler = createSampler(name, scheduler, { numInferenceSteps: 20, eta: 0 });
  const mask = Uint8Array.from({ length: 2 * NUM_PAIRS }, (_, i) => (i % 2 === 1 ? 255 : 0));
  const plan = {
    recipes: [{ label: 'pair', seed: 1, mask }],
    sampler,
    resamples,
    widthPx: 2,
    heightPx: NUM_PAIRS,
    tiles: ONE_TILE,
    noiseShift: [0, 0],
    numFrames: 1,
    latentShape: [NUM_PAIRS, 2, 1],
  } as unknown as SamplingPlan;
  const shape = [1, NUM_PAIRS, 2, 1] as [number, number, number, number];
  const original = tensor4d(normals(2, 0, 2 * NUM_PAIRS), shape);
  const repainting = repaintingOf(plan);
  let xt: Tensor4D = tidy(() => mul(tensor4d(normals(3, 0, 2 * NUM_PAIRS), shape), sampler.initNoiseSigma));
  for (let index = 0; index < 20; index++) {
    xt = runToEnd(repaintInSlices({} as DiffusionModel, plan, original, repainting, xt, index)).xt;
  }
  const values = (await xt.data()) as Float32Array;
  const [kept, made] = [0, 1].map((side) => values.filter((_, i) => i % 2 === side));
  const product = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  expect(kept).toEqual(((await original.data()) as Float32Array).filter((_, i) => i % 2 === 0));
  return product(kept!, made!) / Math.sqrt(product(kept!, kept!) * product(made!, made!));
}

describe.each<SamplerName>(['ddpm', 'ddim', 'dpm++', 'euler'])('repainting by %s', (sampler) => {
  it('fits what it makes to what it keeps, the better the more often a step is made', async () => {
    const once = await correlation(sampler, 1);
    const usual = await correlation(sampler, EDIT_DEFAULTS.masked.resamples);
    const often = await correlation(sampler, 10);
    expect(once).toBeLessThan(CORRELATION - 0.1);
    expect(Math.abs(usual - CORRELATION)).toBeLessThan(0.06);
    expect(Math.abs(often - CORRELATION)).toBeLessThan(0.03);
  });
});
