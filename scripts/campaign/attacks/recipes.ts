// Recipes, palettes and imports with values of wrong types, ranges and lengths.
import { completeRecipe, pixelArt } from '../../../runtime/index.ts';
import { RECIPE_MODEL } from '../../../runtime/testing/recipeModel.ts';
import { parseImport } from '../../bundlers/importRequest.ts';
import { type Attack, demand } from '../attack.ts';
import { mutateJson, mutateText } from '../mutate.ts';

const MODEL = { ...RECIPE_MODEL, attributes: { hair: ['red', 'black'], wear: { min: 0, max: 1 } } };

const RECIPE = {
  label: 'elf',
  attributes: { hair: 'red', wear: 0.5 },
  sameAs: { hair: 'any' },
  sameFor: 0.3,
  seed: 7,
  guidanceScale: 2,
  numInferenceSteps: 10,
  guidanceInterval: [100, 900],
  guidanceRescale: 0.7,
  sampler: 'ddim',
  eta: 0.5,
  blend: { label: 'orc', amount: 0.5 },
  interpolate: { seed: 8, amount: 0.5 },
  pipeline: 'ddpm',
  image: 'AAAA',
  strength: 0.5,
  keepAlpha: true,
};

export const recipes: Attack = {
  name: 'recipes',
  limitMs: 500,
  weight: 1,
  open: async () => ({
    async attempt(dice) {
      const image = dice.happens(0.5) ? new Uint8Array(32) : RECIPE.image;
      const recipe = completeRecipe(mutateJson(dice, { ...RECIPE, image }) as never, MODEL);
      demand(Object.isFrozen(recipe) && MODEL.labels.includes(recipe.label), 'the recipe is not complete');
      return 'correct';
    },
    close: async () => {},
  }),
};

const PIXEL_ART = { palette: ['#1a1c2c', '#b13e53'], dither: 0.1, factor: 2, tolerance: 24, wraps: true };

export const palettes: Attack = {
  name: 'palettes',
  limitMs: 500,
  weight: 0.5,
  open: async () => ({
    async attempt(dice) {
      const asked = mutateJson(dice, PIXEL_ART) as typeof PIXEL_ART | null;
      const { width, height, pixels } = pixelArt(new Uint8Array(8 * 8 * 4), 8, 8, (asked ?? undefined) as never);
      demand(pixels.length === width * height * 4, 'the picture does not fit its size');
      return 'correct';
    },
    close: async () => {},
  }),
};

const IMPORT = 'figment:portraits/elf?seed=7&enlarge=8&map=normal&with=hair_colour=red&guidanceInterval=200,800';

export const imports: Attack = {
  name: 'imports',
  limitMs: 500,
  weight: 0.5,
  open: async () => ({
    async attempt(dice) {
      const { path } = parseImport(mutateText(dice, mutateText(dice, IMPORT)), {});
      demand(/^[0-9a-f]{16}\//.test(path), `the path is ${path.slice(0, 80)}`);
      return 'correct';
    },
    close: async () => {},
  }),
};
