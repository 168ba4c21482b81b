import { describe, expect, it } from 'vitest';
import type { ModelInfo } from './painting/painter.ts';
import { completeRecipe, recipeKey, samplingKey, shortRecipe } from './recipe.ts';

/** What recipes look at of a model. */
const INFO = {
  labels: ['elf', 'orc'],
  sampleDefaults: { guidanceScale: 2, numInferenceSteps: 20, sampler: 'dpm++' },
} as unknown as ModelInfo;
const ELF = { label: 'elf', seed: 7 };

describe('an interpolation in a recipe', () => {
  it('is kept as a copy, also in short', () => {
    const interpolate = { seed: 9, amount: 0.25 };
    const recipe = completeRecipe({ ...ELF, interpolate }, INFO);
    interpolate.amount = 1;
    expect(recipe.interpolate).toEqual({ seed: 9, amount: 0.25 });
    expect(shortRecipe(recipe, INFO)).toEqual({ ...ELF, interpolate: { seed: 9, amount: 0.25 } });
  });

  it.each([undefined, { seed: 9, amount: 0 }, { seed: 7, amount: 0.5 }])('%j is without effect', (interpolate) => {
    const plain = completeRecipe(ELF, INFO);
    const recipe = completeRecipe({ ...ELF, interpolate }, INFO);
    expect(recipe).toEqual(plain);
    expect(recipeKey(recipe)).toBe(recipeKey(plain));
  });

  it('counts for which picture it is, not for what can be painted together', () => {
    const amounts = [0.25, 0.5].map((amount) => completeRecipe({ ...ELF, interpolate: { seed: 9, amount } }, INFO));
    const other = completeRecipe({ ...ELF, interpolate: { seed: 8, amount: 0.5 } }, INFO);
    const all = [completeRecipe(ELF, INFO), ...amounts, other];
    expect(new Set(all.map(recipeKey)).size).toBe(4);
    expect(new Set(all.map(samplingKey)).size).toBe(1);
  });

  it.each([
    [{ seed: -1, amount: 0.5 }, /interpolate.seed is -1; expected a whole number from 0 to 4294967295/],
    [{ seed: 1, amount: 1.5 }, /interpolate.amount is 1.5; expected 0 \(seed alone\) to 1/],
    [{ seed: 1, amount: Number.NaN }, /interpolate.amount is NaN/],
    [{ seed: 1, amount: '0.5' }, /interpolate.amount is 0.5/],
    ['half', /interpolate.seed is undefined/],
  ])('%j is refused', (interpolate, message) => {
    expect(() => completeRecipe({ ...ELF, interpolate: interpolate as never }, INFO)).toThrow(message);
  });
});
