import { describe, expect, it } from 'vitest';
import { ANY_WORD } from '../core/attributes.ts';
import { parseSchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { changeRecipe, shortRecipe, varyRecipe } from './change.ts';
import { checkRecipe, completeRecipe, withLabelAndSeed } from './complete.ts';
import { batchKey, recipeKey } from './keys.ts';
import type { RecipeModel, RecipeOptions } from './recipe.ts';
import { PIPELINE_NAMES } from './recipe.ts';

const INFO: RecipeModel = {
  name: 'tiny',
  labels: ['elf', 'orc'],
  attributes: { hair: ['black', 'red'], wear: { min: 0, max: 1 }, constructor: ['a', 'b'] },
  widthPx: 4,
  heightPx: 2,
  circularPadding: true,
  sampleDefaults: { guidanceScale: 2, numInferenceSteps: 20, sampler: 'dpm++' },
  scheduler: parseSchedulerConfig({ _class_name: 'DDIMScheduler', timestep_spacing: 'trailing' }, 'scheduler'),
  pipelines: PIPELINE_NAMES,
};
const PLAIN: RecipeModel = { ...INFO, attributes: undefined };
const ELF = { label: 'elf', seed: 7 };

describe('the attributes of a recipe', () => {
  it('are a frozen copy in the order of the model', () => {
    const attributes: Record<string, string | number> = { constructor: 'b', wear: 0.25, hair: 'red' };
    const recipe = completeRecipe({ ...ELF, attributes }, INFO);
    attributes.hair = 'black';
    expect(Object.entries(recipe.attributes!)).toEqual([
      ['hair', 'red'],
      ['wear', 0.25],
      ['constructor', 'b'],
    ]);
    expect(Object.isFrozen(recipe.attributes)).toBe(true);
    expect(completeRecipe(JSON.parse(JSON.stringify(shortRecipe(recipe, INFO))), INFO)).toEqual(recipe);
    expect(withLabelAndSeed(recipe, 'orc', 8).attributes).toBe(recipe.attributes);
    const open = { hair: 'any', wear: 'any', constructor: undefined } as unknown as typeof attributes;
    expect(completeRecipe({ ...ELF, attributes: { ...open, wear: 0.25 } }, INFO).attributes).toEqual({ wear: 0.25 });
  });

  it('are refused where the model lacks them, though they ask for nothing', () => {
    expect(() => completeRecipe({ ...ELF, attributes: { hiar: 'any' } }, INFO)).toThrow(/did you mean "hair"/);
  });

  it.each<RecipeOptions['attributes']>([undefined, {}, { hair: 'any' }, { hair: undefined } as never])(
    'are left out where nothing is asked for: %j',
    (attributes) => {
      const isOfAll = Object.keys(attributes ?? {}).length === 0;
      for (const model of isOfAll ? [INFO, PLAIN] : [INFO]) {
        expect(completeRecipe({ ...ELF, attributes }, model)).toEqual(completeRecipe(ELF, model));
      }
    },
  );

  it('count for which picture it is, not for what can be made together', () => {
    const all = [{}, { hair: 'red' }, { hair: 'black' }, { constructor: 'a' }, { wear: 0 }, { wear: 0.5 }] as const;
    const recipes = all.map((attributes) => completeRecipe({ ...ELF, attributes }, INFO));
    expect(new Set(recipes.map(recipeKey)).size).toBe(all.length);
    expect(new Set(recipes.map(batchKey)).size).toBe(1);
    const [one, other] = [
      { hair: 'red', wear: 1 },
      { wear: 1, hair: 'red' },
    ].map((attributes) => completeRecipe({ ...ELF, attributes }, INFO));
    expect(recipeKey(one!)).toBe(recipeKey(other!));
  });

  it('of another picture that it is to be the same as stay where they differ, and with their share of the steps', () => {
    const asked = { ...ELF, attributes: { hair: 'red', wear: 0.5 } };
    const same = completeRecipe({ ...asked, sameAs: { wear: 0.5, hair: 'black' } }, INFO);
    expect(same).toMatchObject({ sameAs: { hair: 'black' }, sameFor: 0.2 });
    expect(Object.isFrozen(same.sameAs)).toBe(true);
    const noOthers: Partial<RecipeOptions>[] = [
      { sameAs: { hair: 'red' } },
      { sameAs: { hair: 'black' }, sameFor: 0 },
      { sameAs: {} },
    ];
    for (const none of noOthers) {
      expect(completeRecipe({ ...asked, ...none }, INFO)).toEqual(completeRecipe(asked, INFO));
    }
    expect(completeRecipe({ ...ELF, sameAs: { hair: ANY_WORD } }, INFO)).not.toHaveProperty('sameAs');
    const longer = completeRecipe({ ...asked, sameAs: { hair: 'black' }, sameFor: 0.7 }, INFO);
    const recipes = [completeRecipe(asked, INFO), same, longer];
    expect(new Set(recipes.map(recipeKey)).size).toBe(3);
    expect(new Set(recipes.map(batchKey)).size).toBe(1);
    expect(completeRecipe(changeRecipe(longer, { pipeline: 'cvae' }), INFO)).not.toHaveProperty('sameAs');
    expect(completeRecipe(changeRecipe(longer, { sameAs: undefined }), INFO)).toEqual(completeRecipe(asked, INFO));
  });

  it.each<[object, RegExp]>([
    [{ sameAs: { hair: 'blue' } }, /generate: hair "blue" is unknown/],
    [{ sameAs: { hiar: ANY_WORD } }, /generate: attribute "hiar" is unknown; did you mean "hair"/],
    [{ sameFor: 0.5 }, /there is a sameFor but no sameAs/],
    [{ sameAs: { hair: 'red' }, sameFor: 2 }, /sameFor is 2; expected 0/],
    [{ sameAs: { hair: 'red' }, pipeline: 'cvae' }, /leave out sameAs/],
  ])('of another picture are refused where they are wrong: %j', (wrong, message) => {
    expect(() => completeRecipe({ ...ELF, ...wrong }, INFO)).toThrow(message);
  });

  it('are varied so that it stays the same person, however often', () => {
    const person = { ...ELF, attributes: { wear: 0.5 } };
    const red = varyRecipe(person, { hair: 'red' });
    expect(red).toEqual({ ...ELF, attributes: { wear: 0.5, hair: 'red' }, sameAs: { hair: ANY_WORD } });
    const black = varyRecipe(completeRecipe(red, INFO), { hair: 'black' });
    expect(black).toMatchObject({ attributes: { wear: 0.5, hair: 'black' }, sameAs: { hair: ANY_WORD } });
    const older = varyRecipe(completeRecipe(black, INFO), { wear: 1 });
    expect(older.sameAs).toEqual({ hair: ANY_WORD, wear: 0.5 });
    const back = completeRecipe(varyRecipe(completeRecipe(older, INFO), { wear: 0.5 }), INFO);
    expect(back).toMatchObject({ attributes: { hair: 'black', wear: 0.5 }, sameAs: { hair: ANY_WORD } });
    const open = completeRecipe(varyRecipe(completeRecipe(red, INFO), { hair: ANY_WORD }), INFO);
    expect(open, 'as it was before anything was asked for').toEqual(completeRecipe(person, INFO));
    expect(varyRecipe({ ...ELF, pipeline: 'cvae' }, { hair: 'red' })).not.toHaveProperty('sameAs');
    expect(varyRecipe<RecipeOptions>(ELF, { constructor: 'b' } as never).sameAs).toEqual({ constructor: ANY_WORD });
    const undefinedHair = { ...ELF, attributes: { hair: undefined } };
    expect(varyRecipe<RecipeOptions>(undefinedHair, { hair: 'red' }).sameAs, 'as left out').toEqual({ hair: ANY_WORD });
    const asBefore = { ...ELF, attributes: { hair: 'black' }, sameAs: { hair: undefined } };
    expect(varyRecipe<RecipeOptions>(asBefore, { hair: 'red' }).sameAs).toEqual({ hair: 'black' });
  });

  it('stay whatever the pipeline', () => {
    const recipe = completeRecipe({ ...ELF, attributes: { hair: 'red' } }, INFO);
    for (const pipeline of ['cvae', 'cvae+ddpm'] as const) {
      const { attributes } = completeRecipe(changeRecipe(recipe, { pipeline }), INFO);
      expect(attributes).toEqual({ hair: 'red' });
    }
  });

  it.each<[unknown, RegExp]>([
    [{ hiar: 'red' }, /generate: attribute "hiar" is unknown; did you mean "hair"\? known attributes: hair, wear/],
    [{ hair: 'redd' }, /generate: hair "redd" is unknown; did you mean "red"\? known values: black, red/],
    [{ wear: 2 }, /wear is 2; expected a number from 0 to 1/],
    [{ wear: '1' }, /wear is "1"; expected a number from 0 to 1/],
    [{ constructor: 'c' }, /constructor "c" is unknown/],
    [{ prototype: 'c' }, /attribute "prototype" is unknown/],
    [JSON.parse('{"__proto__":"red"}'), /attribute "__proto__" is unknown/],
    [{ hair: ['red'] }, /attributes.hair is \["red"\]; expected a word or a number/],
    [{ hair: null }, /attributes.hair is null; expected a word or a number/],
    [{ wear: Number.NaN }, /wear/],
    ['red', /attributes is "red"; expected words and numbers by name/],
    [['hair'], /attributes is .*; expected words and numbers by name/],
    [Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`a${i}`, 1])), /expected at most 64 attributes/],
  ])('%j is refused', (attributes, message) => {
    expect(() => completeRecipe({ ...ELF, attributes } as never, INFO)).toThrow(message);
  });

  it('are refused by a model without any, and all problems are told', () => {
    expect(() => completeRecipe({ ...ELF, attributes: { hair: 'red' } }, PLAIN)).toThrow(
      'generate: attribute "hair" is unknown; this model has no attributes',
    );
    const checked = checkRecipe({ ...ELF, attributes: { hair: 'blue', wear: 3 } }, INFO);
    expect('problems' in checked && checked.problems.map(({ entry }) => entry)).toEqual(['attributes', 'attributes']);
  });
});
