import { describe, expect, it } from 'vitest';
import { parseSchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { RECIPE_MODEL as INFO } from '../testing/recipeModel.ts';
import { shortRecipe } from './change.ts';
import { completeRecipe } from './complete.ts';
import { batchKey, recipeKey } from './keys.ts';

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
    expect(new Set(all.map(batchKey)).size).toBe(1);
  });

  it.each([
    [{ seed: -1, amount: 0.5 }, /interpolate.seed is -1; expected a whole number from 0 to 4294967295/],
    [{ seed: 1, amount: 1.5 }, /interpolate.amount is 1.5; expected 0 \(seed alone\) to 1/],
    [{ seed: 1, amount: Number.NaN }, /interpolate.amount is NaN/],
    [{ seed: 1, amount: '0.5' }, /interpolate.amount is "0.5"/],
    ['half', /interpolate is "half"; expected \{ seed, amount \}/],
  ])('%j is refused', (interpolate, message) => {
    expect(() => completeRecipe({ ...ELF, interpolate: interpolate as never }, INFO)).toThrow(message);
  });
});

describe('a blend in a recipe', () => {
  const MIXED = { ...INFO, attributes: {} };
  const blend = { label: 'orc', amount: 0.25 };

  it('is kept as a copy, and counts for which picture it is, not for what can be painted together', () => {
    const own = { ...blend };
    const recipe = completeRecipe({ ...ELF, blend: own }, MIXED);
    own.amount = 1;
    expect(recipe.blend).toEqual(blend);
    expect(shortRecipe(recipe, MIXED)).toEqual({ ...ELF, blend });
    const odd = { ...MIXED, labels: [...MIXED.labels, 'elf|orc~0.25'] };
    expect(recipeKey(completeRecipe({ ...ELF, label: 'elf|orc~0.25' }, odd))).not.toBe(recipeKey(recipe));
    const all = [{}, { blend }, { blend: { ...blend, amount: 0.5 } }].map((asked) =>
      completeRecipe({ ...ELF, ...asked }, MIXED),
    );
    expect(new Set(all.map(recipeKey)).size).toBe(3);
    expect(new Set(all.map(batchKey)).size).toBe(1);
  });

  it.each([undefined, { label: 'orc', amount: 0 }])('%j is without effect', (asked) => {
    expect(completeRecipe({ ...ELF, blend: asked }, MIXED)).toEqual(completeRecipe(ELF, MIXED));
  });

  it.each([
    [{ label: 'orc', amount: 1.5 }, /blend.amount is 1.5; expected 0 \(the own label alone\) to 1/],
    [{ label: 'orcc', amount: 0.5 }, /label "orcc" is unknown; did you mean "orc"/],
    ['orc', /blend is "orc"; expected \{ label, amount \}/],
    [{ label: 'orc' }, /blend.amount is missing/],
  ])('%j is refused', (asked, message) => {
    expect(() => completeRecipe({ ...ELF, blend: asked as never }, MIXED)).toThrow(message);
  });

  it('is what takes the place of several labels', () => {
    const several = { labels: { elf: 0.5, orc: 0.5 }, seed: 1 };
    expect(() => completeRecipe(several as never, MIXED)).toThrow(
      'generate: label is missing; a picture has one label, not labels; mix another into it by blend: { label, amount }',
    );
    expect(() => completeRecipe({ seed: 1 } as never, { ...MIXED, labels: ['brick'] })).toThrow(
      'label is missing; expected one of the model\'s, such as { label: "brick", seed: 7 }',
    );
  });

  it('is refused where a model cannot mix its labels, or makes the picture in one pass', () => {
    expect(() => completeRecipe({ ...ELF, blend }, INFO)).toThrow(
      /tiny tells its labels apart by number.*leave out blend/,
    );
    const student = { stepCounts: [1, 4], guidanceScale: [1, 5] as const, teacher: INFO.sampleDefaults };
    expect(completeRecipe({ ...ELF, blend }, { ...INFO, student }).blend).toEqual(blend);
    expect(() => completeRecipe({ ...ELF, blend, pipeline: 'cvae' }, MIXED)).toThrow(
      /cvae makes a picture in one pass/,
    );
  });
});

it('fixes the interval of guidance, too', () => {
  const asked = { label: 'elf', seed: 1, guidanceInterval: [300, 500] as [number, number] };
  const { guidanceInterval } = completeRecipe(asked, INFO);
  expect([guidanceInterval, Object.isFrozen(guidanceInterval)]).toEqual([[300, 500], true]);
  expect(Object.isFrozen(asked.guidanceInterval)).toBe(false);
});

it('is refused where its sampler could not begin, as from the noise of a schedule without signal', () => {
  const scheduler = (prediction_type: string) =>
    parseSchedulerConfig(
      { _class_name: 'DDIMScheduler', rescale_betas_zero_snr: true, timestep_spacing: 'trailing', prediction_type },
      'scheduler',
    );
  const ddim = { ...ELF, sampler: 'ddim' } as const;
  expect(() => completeRecipe(ddim, { ...INFO, scheduler: scheduler('epsilon') })).toThrow(
    'prediction_type "epsilon" cannot start at t = 999',
  );
  expect(completeRecipe(ddim, { ...INFO, scheduler: scheduler('sample') }).sampler).toBe('ddim');
});

describe('a guidance interval in a recipe', () => {
  it('comes back as it was saved', () => {
    const recipe = completeRecipe({ ...ELF, guidanceInterval: [200, 999] }, INFO);
    expect(completeRecipe(JSON.parse(JSON.stringify(shortRecipe(recipe, INFO))), INFO)).toEqual(recipe);
  });

  it('is refused where its ends are no timesteps, such as what JSON cannot hold', () => {
    for (const end of [Number.POSITIVE_INFINITY, Number.NaN, 100_000]) {
      expect(() => completeRecipe({ ...ELF, guidanceInterval: [200, end] }, INFO)).toThrow(
        `guidanceInterval.1 is ${end}; expected two training timesteps, the smaller one first, such as [200, 999]`,
      );
    }
  });
});

describe('the size in a recipe', () => {
  const TILES = { ...INFO, name: 'tiles', widthPx: 16, heightPx: 16, circularPadding: true };

  it('is left out where it is the tile, and else kept as width and height', () => {
    expect(completeRecipe({ ...ELF, sizePx: 16 }, TILES)).toEqual(completeRecipe(ELF, TILES));
    const recipe = completeRecipe({ ...ELF, sizePx: 32 }, TILES);
    expect(recipe).toMatchObject({ widthPx: 32, heightPx: 32 });
    expect(recipe).not.toHaveProperty('sizePx');
    expect(shortRecipe(recipe, TILES)).toEqual({ ...ELF, widthPx: 32, heightPx: 32 });
    expect(completeRecipe({ ...ELF, widthPx: 48 }, TILES)).not.toHaveProperty('heightPx');
  });

  it('makes another picture, and one that is painted alone', () => {
    const sizes = [{}, { widthPx: 32 }, { heightPx: 32 }, { sizePx: 32 }];
    const recipes = sizes.map((size) => completeRecipe({ ...ELF, ...size }, TILES));
    expect(new Set(recipes.map(recipeKey)).size).toBe(4);
    const [large, other] = [7, 8].map((seed) => completeRecipe({ ...ELF, seed, sizePx: 32 }, TILES));
    expect(batchKey(large!)).not.toBe(batchKey(other!));
  });

  it('is refused where it contradicts itself or the model', () => {
    expect(() => completeRecipe({ ...ELF, sizePx: 32, widthPx: 48 }, TILES)).toThrow(/sizePx is 32, and the size 48×/);
    expect(() => completeRecipe({ ...ELF, sizePx: 20 }, TILES)).toThrow(/multiples of tiles's tile/);
    expect(() => completeRecipe({ ...ELF, sizePx: 32 }, { ...TILES, circularPadding: false })).toThrow(
      /makes 16×16 alone/,
    );
  });
});

it('tells of a value that is nested deeply or long', () => {
  let deep: unknown = [];
  for (let depth = 0; depth < 50_000; depth++) deep = [deep];
  expect(() => completeRecipe({ ...ELF, seed: deep as never }, INFO)).toThrow(
    /^generate: seed is \[a list\]; expected/,
  );
  const long = new Array(1e6).fill([1, 2]);
  expect(() => completeRecipe({ ...ELF, seed: long as never }, INFO)).toThrow(
    /^generate: seed is \[a list, a list, .*…; /,
  );
});
