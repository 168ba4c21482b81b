import { describe, expect, it } from 'vitest';
import { createScene, loadTiny } from '../../plugin/testing/tinyScene.ts';
import { percent } from '../shared/percent.ts';
import { defaultSettings, labRecipe } from './settings.ts';
import { AMOUNTS, between, endRecipe, noiseRecipe } from './walk.ts';

const { info } = await loadTiny(createScene());
const SETTINGS = { ...defaultSettings(info), label: 'elf', seed: 7, walkLabel: 'orc', walkSeed: 9 };

describe('a walk', () => {
  it('has seven pictures from one picture to the other', () => {
    expect(AMOUNTS.map(percent)).toEqual(['0 %', '17 %', '33 %', '50 %', '67 %', '83 %', '100 %']);
    expect(noiseRecipe(SETTINGS, info, 0)).toEqual(labRecipe(SETTINGS, info));
    expect(noiseRecipe(SETTINGS, info, 1)).toEqual(endRecipe(SETTINGS, info));
    expect(endRecipe(SETTINGS, info)).toEqual({ ...labRecipe(SETTINGS, info), label: 'orc', seed: 9 });
  });

  it('turns the noise, and changes the label half way', () => {
    const between = AMOUNTS.slice(1, -1).map((amount) => noiseRecipe(SETTINGS, info, amount));
    expect(between.map(({ label }) => label)).toEqual(['elf', 'elf', 'orc', 'orc', 'orc']);
    expect(between[0]!.seed).toBe(7);
    expect(between[0]!.interpolate).toEqual({ seed: 9, amount: 1 / 6 });
  });
});

describe('between', () => {
  it('is the straight line', () => {
    const shape = [1, 1, 2] as const;
    const [a, b] = [Float32Array.of(0, 4), Float32Array.of(1, 2)].map((values) => ({ values, shape }));
    expect(between(a!, b!, 0)).toEqual(a);
    expect(between(a!, b!, 1)).toEqual(b);
    expect(between(a!, b!, 0.25)).toEqual({ values: Float32Array.of(0.25, 3.5), shape });
  });
});
