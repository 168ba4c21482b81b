import { describe, expect, it } from 'vitest';
import { RECIPE_MODEL } from '../testing/recipeModel.ts';
import { changeRecipe, shortRecipe, withoutDefaults } from './change.ts';
import { completeRecipe } from './complete.ts';
import { batchKey, recipeKey } from './keys.ts';
import type { RecipeModel } from './recipe.ts';

const INFO: RecipeModel = { ...RECIPE_MODEL, circularPadding: true };
const ELF = { label: 'elf', seed: 7 };

describe('a pipeline in a recipe', () => {
  it('is left out where it is ddpm, and has its strength where it is cvae+ddpm', () => {
    expect(completeRecipe({ ...ELF, pipeline: 'ddpm' }, INFO)).toEqual(completeRecipe(ELF, INFO));
    expect(completeRecipe({ ...ELF, pipeline: 'cvae' }, INFO)).toMatchObject({ pipeline: 'cvae' });
    const refined = completeRecipe({ ...ELF, pipeline: 'cvae+ddpm' }, INFO);
    expect(refined).toMatchObject({ pipeline: 'cvae+ddpm', strength: 0.6 });
    expect(completeRecipe(JSON.parse(JSON.stringify(shortRecipe(refined, INFO))), INFO)).toEqual(refined);
  });

  it('counts for which picture it is, and for what can be made together', () => {
    const keyOf = (options: object) => recipeKey(completeRecipe({ ...ELF, ...options }, INFO));
    const refined = { pipeline: 'cvae+ddpm' };
    const keys = [{}, { pipeline: 'cvae' }, refined, { ...refined, strength: 0.5 }, { ...refined, guidanceScale: 5 }];
    expect(new Set(keys.map(keyOf)).size).toBe(5);
    for (const pipeline of ['cvae', 'cvae+ddpm'] as const) {
      const [one, other] = [ELF, { label: 'orc', seed: 1 }].map((what) => completeRecipe({ ...what, pipeline }, INFO));
      expect(batchKey(one!)).toBe(batchKey(other!));
    }
  });

  it('leaves out what it has no use for when it is changed', () => {
    const refined = completeRecipe({ ...ELF, pipeline: 'cvae+ddpm', guidanceScale: 3 }, INFO);
    const atOnce = completeRecipe(changeRecipe(refined, { pipeline: 'cvae' }), INFO);
    expect(atOnce).toEqual({ ...ELF, pipeline: 'cvae' });
    const inSteps = completeRecipe(changeRecipe(refined, { pipeline: 'ddpm' }), INFO);
    expect(inSteps).toEqual(completeRecipe({ ...ELF, guidanceScale: 3 }, INFO));
  });

  it('gives way to a picture to begin from, and the other way round', () => {
    const image = new Uint8Array(32).fill(9);
    const refined = completeRecipe({ ...ELF, pipeline: 'cvae+ddpm', strength: 0.3 }, INFO);
    const edited = completeRecipe(changeRecipe(refined, { image }), INFO);
    expect(edited).toEqual(completeRecipe({ ...ELF, image }, INFO));
    const again = completeRecipe(changeRecipe(edited, { pipeline: 'cvae+ddpm' }), INFO);
    expect(again).toEqual(completeRecipe({ ...ELF, pipeline: 'cvae+ddpm' }, INFO));
    expect(changeRecipe(refined, { strength: 0.5 })).toMatchObject({ pipeline: 'cvae+ddpm', strength: 0.5 });
    expect(changeRecipe(edited, { seed: 8 })).toMatchObject({ image, strength: 0.75, seed: 8 });
    expect(changeRecipe(null, ELF)).toEqual(ELF);
  });

  it.each([
    [{ pipeline: 'gan' }, /pipeline is "gan"; expected one of ddpm, cvae, cvae\+ddpm/],
    [{ pipeline: 'cvae+ddpm', strength: 2 }, /strength is 2; expected 0/],
    [{ pipeline: 'cvae', widthPx: 8 }, /the pipeline cvae makes 4×2 alone/],
    [{ pipeline: 'cvae', image: new Uint8Array(32) }, /begins with a picture of its own; leave out image/],
    [{ strength: 0.5 }, /there is a strength but no image/],
  ])('%j is refused', (options, message) => {
    expect(() => completeRecipe({ ...ELF, ...options } as never, INFO)).toThrow(message);
  });
});

describe('an image in a recipe', () => {
  it('that gets a mask is edited as one that has it from the beginning', () => {
    const [image, mask] = [new Uint8Array(32).fill(9), new Uint8Array(8).fill(255)];
    const masked = (edit: object) => {
      const varied = completeRecipe({ ...ELF, image, ...edit }, INFO);
      return completeRecipe(changeRecipe(withoutDefaults(varied, INFO), { mask }), INFO);
    };
    expect(masked({})).toEqual(completeRecipe({ ...ELF, image, mask }, INFO));
    expect(masked({ strength: 0.5 }), 'what is no default stays').toMatchObject({ strength: 0.5, keepAlpha: false });
  });
});

describe('changeRecipe', () => {
  it.each<[string, object, object, object]>([
    [
      'a sampler that draws no noise leaves out eta',
      { sampler: 'ddim', eta: 0.5 },
      { sampler: 'euler' },
      { sampler: 'euler' },
    ],
    ['eta takes the sampler that has it', { sampler: 'dpm++' }, { eta: 0.5 }, { sampler: 'ddim', eta: 0.5 }],
    ['no eta leaves the sampler', { sampler: 'dpm++' }, { eta: 0 }, { sampler: 'dpm++', eta: 0 }],
    ['a change of eta stays', { sampler: 'ddim', eta: 0.5 }, { sampler: 'ddim', eta: 1 }, { sampler: 'ddim', eta: 1 }],
    [
      'no classifier leaves out its label',
      { classifier: 'hat', classifierLabel: 'hat' },
      { classifier: undefined },
      {},
    ],
    [
      'no mask leaves out how it is filled',
      { image: 'AA==', mask: 'AA==', resamples: 2 },
      { mask: undefined },
      { image: 'AA==' },
    ],
    ['no image leaves out all of the edit', { image: 'AA==', keepAlpha: true }, { image: undefined }, {}],
    [
      'no image and no mask, where there was none, leave the strength of the pipeline',
      { pipeline: 'cvae+ddpm', strength: 0.3 },
      { image: undefined, mask: undefined },
      { pipeline: 'cvae+ddpm', strength: 0.3 },
    ],
    [
      'no mask, where there was none, leaves the strength of the image',
      { image: 'AA==', strength: 0.3, keepAlpha: true },
      { mask: undefined },
      { image: 'AA==', strength: 0.3, keepAlpha: true },
    ],
    [
      'no image leaves out its strength',
      { image: 'AA==', strength: 0.3, pipeline: 'ddpm' },
      { image: undefined },
      { pipeline: 'ddpm' },
    ],
    ['one size takes the place of two', { widthPx: 8, heightPx: 4 }, { sizePx: 8 }, { sizePx: 8 }],
    ['two sizes take the place of one', { sizePx: 8 }, { widthPx: 16, heightPx: 4 }, { widthPx: 16, heightPx: 4 }],
    ['a width takes that of one side', { sizePx: 8 }, { widthPx: 16 }, { widthPx: 16, heightPx: 8 }],
    [
      'steps give way to the pipeline without any',
      { numInferenceSteps: 9 },
      { pipeline: 'cvae' },
      { pipeline: 'cvae' },
    ],
    ['what is asked for stays, to be refused', {}, { pipeline: 'cvae', eta: 1 }, { pipeline: 'cvae', eta: 1 }],
  ])('%s', (_, recipe, changes, expected) => {
    expect(changeRecipe<object>(recipe, changes)).toEqual(expected);
  });
});
