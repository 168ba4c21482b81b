import { memory } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { ANY } from '../core/attributes.ts';
import { formatProbe, parseProbe } from '../core/linearProbe.ts';
import { integers, normals } from '../core/random.ts';
import { downloadWeights } from '../networks/uploadWeights.ts';
import { expectClose, expectUncorrelated } from '../testing/matchers.ts';
import { tinyVaeConfig } from '../testing/tinyNetworks.ts';
import { runSteps } from '../testing/tinyTraining.ts';
import type { LatentDataset } from './latentDataset.ts';
import {
  PROBE_DEFAULTS,
  type ProbedModel,
  type ProbeReading,
  probeBatch,
  probeOfWeights,
  probeReadings,
  probeTrainer,
} from './trainProbe.ts';

const MODEL: ProbedModel = {
  labels: ['elf', 'orc'],
  vocabulary: { hair: ['black', 'red', 'white'], wear: { min: 0, max: 1 }, hat: ['none', 'cap'] },
  vaeConfig: tinyVaeConfig({ latents_mean: [1, 1, 0.5, 1], latents_std: [1, 0.9, 2, 1.1] }),
};
const OPTIONS = {
  ...PROBE_DEFAULTS,
  grid: 4,
  batchSize: 64,
  microBatchSize: 64,
  numWarmupSteps: 2,
  learningRate: 0.02,
  numSteps: 200,
};
const SIZE = 4 * 4 * 4;

const bare = new Float32Array(3);

/**
 * Latents that are normal noise, but for the label, which moves the second channel everywhere, and the hair, which moves the first
 * channel of the upper left corner; the hat shows nowhere, and is known of every other image.
 */
function latents(count: number, seed: number): LatentDataset {
  const mean = normals(seed, 0, count * SIZE);
  const classLabels = integers(seed, 1, count, 2);
  const hairs = integers(seed, 2, count, 3);
  const hats = integers(seed, 3, count, 2);
  for (let image = 0; image < count; image++) {
    for (let pixel = 0; pixel < 16; pixel++) mean[image * SIZE + pixel * 4 + 1]! += 3 * classLabels[image]!;
    mean[image * SIZE]! += 6 * (hairs[image]! - 1);
  }
  const rows = Array.from(hairs, (hair, image) => [hair, 0.5, image % 2 ? ANY : hats[image]!]);
  return {
    shape: [4, 4, 4],
    mean,
    std: new Float32Array(mean.length),
    classLabels,
    attributes: Float32Array.from(rows.flat()),
  };
}

beforeAll(async () => {
  await selectBackend({ backend: 'wasm' });
});

describe('a probe in training', () => {
  it('sees latents disturbed in proportion, on whatever scale the U-Net has them', () => {
    const [images, options] = [latents(64, 1), OPTIONS];
    const seen = (scaling_factor: number, latentNoise: number) => {
      const model = { ...MODEL, vaeConfig: { ...MODEL.vaeConfig, scaling_factor } };
      const { data } = probeBatch(images, model, { ...options, latentNoise }, 3).x0!;
      return Array.from(data, (value) => value / scaling_factor);
    };
    const [clean, disturbed] = [seen(1, 0), seen(1, 0.5)];
    expectClose(seen(1 / 6, 0.5), disturbed, { absolute: 1e-5 });
    const rms = (values: readonly number[]) =>
      Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    const noise = rms(clean.map((value, i) => disturbed[i]! - value));
    expect(noise / rms(clean)).toBeCloseTo(0.5 / Math.sqrt(3), 1); // levels are drawn evenly
  });

  it('sees the latents of each step disturbed by noise of its own', () => {
    const images = latents(64, 1);
    const noiseOf = (step: number) => {
      const seen = [0, 0.5].map((latentNoise) => probeBatch(images, MODEL, { ...OPTIONS, latentNoise }, step).x0!.data);
      return Array.from(seen[0]!, (value, i) => seen[1]![i]! - value);
    };
    expectUncorrelated(noiseOf(0), noiseOf(1));
  });

  it('learns what latents show, and nothing of what they do not', async () => {
    const before = memory().numTensors;
    const trainer = probeTrainer(latents(600, 1), MODEL, OPTIONS);
    const steps = await runSteps(trainer);
    expect(steps.at(-1)!.loss).toBeLessThan(steps[0]!.loss / 2);
    const readings = await probeReadings(trainer.ema, latents(300, 5), MODEL, OPTIONS);
    expect(readings.map(({ name, numKnown }) => [name, numKnown])).toEqual([
      ['label', 300],
      ['hair', 300],
      ['hat', 150],
    ]);
    const [ofLabel, ofHair, ofHat] = readings as [ProbeReading, ProbeReading, ProbeReading];
    expect(ofLabel.accuracy).toBeGreaterThan(0.98);
    expect(ofHair.accuracy).toBeGreaterThan(0.9);
    expect(Math.abs(ofHat.accuracy - 0.5)).toBeLessThan(0.15);
    expect(ofLabel.margin).toBeGreaterThan(4); // p(right) of 0.98 are log-odds of 4
    expect(ofHat.margin).toBeLessThan(0.5);
    const margins = Float32Array.from(readings, ({ margin }) => margin);
    const probe = probeOfWeights(await downloadWeights(trainer.ema), { grid: 4, rate: 0.7, margins });
    expect([probe.grid, probe.rate, probe.weights.length, probe.bias.length]).toEqual([4, 0.7, 7 * SIZE, 7]);
    const label = (channel: number) => probe.weights.subarray(SIZE + channel * 16, SIZE + (channel + 1) * 16);
    expect(Math.min(...label(1))).toBeGreaterThan(Math.max(...label(2).map(Math.abs))); // the row of orcs
    expect(parseProbe(formatProbe(probe), 2, MODEL.vocabulary).rate).toBe(0.7);
    await trainer.dispose();
    expect(memory().numTensors).toBe(before);
  });

  it('tells the label from attributes whose names are whole numbers', async () => {
    const { hair, ...others } = MODEL.vocabulary;
    const model = { ...MODEL, vocabulary: { 1: hair!, ...others } };
    const trainer = probeTrainer(latents(600, 1), model, OPTIONS);
    await runSteps(trainer);
    const [label, hairs] = await probeReadings(trainer.ema, latents(300, 5), model, OPTIONS);
    expect([label!.name, hairs!.name]).toEqual(['label', '1']);
    expect(label!.accuracy).toBeGreaterThan(0.98);
    expect(hairs!.accuracy).toBeGreaterThan(0.9);
    await trainer.dispose();
  });

  it('refuses more words than a probe may have, before it begins', () => {
    const labels = Array.from({ length: 2045 }, (_, i) => `label ${i}`);
    expect(() => probeTrainer(latents(4, 1), { ...MODEL, labels }, OPTIONS)).toThrow(
      'probe: the model has 2050 labels and words; expected at most 2048, by a model of fewer',
    );
  });

  it('counts what is known alone', async () => {
    const trainer = probeTrainer(latents(64, 1), MODEL, { ...OPTIONS, numSteps: 1 });
    const unknown = latents(10, 2);
    unknown.attributes!.fill(ANY);
    const [label, ...others] = await probeReadings(trainer.ema, unknown, MODEL, OPTIONS);
    expect(label!.numKnown).toBe(10);
    expect(others).toEqual(['hair', 'hat'].map((name) => ({ name, numKnown: 0, accuracy: 0, margin: 0 })));
    await trainer.dispose();
  });

  it('tells the median of the log-odds of what images show', async () => {
    const images = latents(101, 3);
    const trainer = probeTrainer(images, MODEL, { ...OPTIONS, numSteps: 3 });
    await runSteps(trainer);
    const [, hair] = await probeReadings(trainer.ema, images, MODEL, OPTIONS);
    const { weights, bias } = probeOfWeights(await downloadWeights(trainer.ema), { grid: 4, rate: 1, margins: bare });
    const { latents_mean: mean, latents_std: std } = MODEL.vaeConfig;
    const odds = Array.from(images.classLabels, (_, image) => {
      const logits = [2, 3, 4].map((word) => {
        let logit = bias[word]!; // by cells of one latent each
        for (let cell = 0; cell < 16; cell++) {
          for (let channel = 0; channel < 4; channel++) {
            const z = (images.mean[image * SIZE + cell * 4 + channel]! - mean![channel]!) / std![channel]!;
            logit += weights[word * SIZE + channel * 16 + cell]! * z * MODEL.vaeConfig.scaling_factor;
          }
        }
        return Math.exp(logit);
      });
      const own = logits[images.attributes![image * 3]!]!;
      return Math.log(own / (logits.reduce((sum, likelihood) => sum + likelihood) - own));
    });
    const median = odds.sort((a, b) => a - b)[50]!;
    expect(hair!.margin).toBeCloseTo(Math.max(0, median), 3);
    await trainer.dispose();
  });
});
