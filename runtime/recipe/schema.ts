// The form of every entry of a recipe: its type, range and description. Bake files, imports and the published JSON schema are
// made from these entries. The command line shares the ends of ranges with them, and has shorter texts of its own.

import * as v from 'valibot';
import { attributesByName } from '../core/attributesByName.ts';
import { MAX_SEED } from '../core/random.ts';
import {
  MAX_CLASSIFIER_SCALE,
  MAX_GUIDANCE_SCALE,
  MAX_INFERENCE_STEPS,
  MAX_RESAMPLES,
  MAX_SIDE_PX,
  SAMPLER_NAMES,
} from '../core/samplingBounds.ts';
import { MAX_TIMESTEPS } from '../diffusion/schedulerConfig.ts';
import { CLASSIFIER_SCALE_DEFAULT, EDIT_DEFAULTS, REFINE_STRENGTH, SAME_FOR } from './defaults.ts';
import { PIPELINE_NAMES } from './recipe.ts';

const MAX_NAME_LENGTH = 300;

const { varied, masked } = EDIT_DEFAULTS;

/** The form of an entry that takes a whole number within a range, both ends included. */
export function wholeEntry(min: number, max: number, description: string) {
  const expected = `expected a whole number from ${min} to ${max}`;
  return v.pipe(
    v.number(expected),
    v.integer(expected),
    v.minValue(min, expected),
    v.maxValue(max, expected),
    v.description(description),
  );
}

/** A number in a range; `hint` says what its ends or usual values mean. */
export function realEntry(min: number, max: number, description: string, hint = '') {
  const expected = `expected ${hint || `a number from ${min} to ${max}`}`;
  return v.pipe(v.number(expected), v.minValue(min, expected), v.maxValue(max, expected), v.description(description));
}

/** The form of an entry that takes a text of at least one character. */
export function textEntry(description: string, maxLength = MAX_NAME_LENGTH) {
  const expected = `expected a text of 1 to ${maxLength} characters`;
  return v.pipe(
    v.string(expected),
    v.minLength(1, expected),
    v.maxLength(maxLength, expected),
    v.description(description),
  );
}

/** The form of an entry that takes one of a few words or numbers. */
export function wordEntry<const Words extends readonly (string | number)[]>(words: Words, description: string) {
  return v.pipe(v.picklist(words, `expected one of ${words.join(', ')}`), v.description(description));
}

export const INTERVAL_EXPECTED = 'expected two training timesteps, the smaller one first, such as [200, 999]';
const timestep = v.pipe(
  v.number(INTERVAL_EXPECTED),
  v.minValue(0, INTERVAL_EXPECTED),
  v.maxValue(MAX_TIMESTEPS - 1, INTERVAL_EXPECTED),
);

export const SEED_ENTRY = wholeEntry(0, MAX_SEED, 'uint32; it fixes the picture');

export const INTERPOLATE_ENTRY = v.pipe(
  v.strictObject(
    {
      seed: wholeEntry(0, MAX_SEED, 'the second seed'),
      amount: realEntry(0, 1, '0: the first seed alone, 1: the second', '0 (seed alone) to 1 (interpolate.seed alone)'),
    },
    'expected { seed, amount }',
  ),
  v.description('begin between the noises of two seeds: a variation'),
);

export const BLEND_ENTRY = v.pipe(
  v.strictObject(
    {
      label: textEntry('another label of the model'),
      amount: realEntry(
        0,
        1,
        '0: the own label alone, 1: the other',
        '0 (the own label alone) to 1 (blend.label alone)',
      ),
    },
    'expected { label, amount }',
  ),
  v.description('be in part of another label'),
);

export const ATTRIBUTES_EXPECTED = 'expected words and numbers by name, such as { hair_colour: "red" }';

export const ATTRIBUTE_VALUE = v.union(
  [
    v.pipe(v.string(), v.maxLength(MAX_NAME_LENGTH, `expected a word of at most ${MAX_NAME_LENGTH} characters`)),
    v.number(),
  ],
  'expected a word or a number',
);

/** Which names and values there are is the model's to say. */
function attributesEntry(description: string) {
  return v.pipe(attributesByName(v.optional(ATTRIBUTE_VALUE), ATTRIBUTES_EXPECTED), v.description(description));
}

const ATTRIBUTES_ENTRY = attributesEntry(
  "what the picture has besides, of the model's attributes; what is left out can be anything",
);

/** Entries that make a picture the same person as another. */
export const SAME_ENTRIES = {
  sameAs: v.optional(
    attributesEntry('make the same person as with these attributes instead: { expression: "neutral" }'),
  ),
  sameFor: v.optional(
    realEntry(
      0,
      1,
      `with sameAs: for which share of the steps (default: ${SAME_FOR})`,
      '0 (another person) to 1 (the same picture)',
    ),
  ),
};

/** What all pictures of a batch have alike, but for the classifier, which files and calls name in ways of their own. */
export const SAMPLING_ENTRIES = {
  pipeline: v.optional(
    wordEntry(
      PIPELINE_NAMES,
      'ddpm: in steps (default); cvae: in one pass, blurred, for crowds and placeholders; cvae+ddpm: steps that begin from that',
    ),
  ),
  guidanceScale: v.optional(
    realEntry(
      0,
      MAX_GUIDANCE_SCALE,
      "how strongly to follow the label, 1 = off (default: the model's)",
      `0 to ${MAX_GUIDANCE_SCALE}; 1 is off, 2 to 4 are usual`,
    ),
  ),
  guidanceInterval: v.optional(
    v.pipe(
      v.strictTuple([timestep, timestep], INTERVAL_EXPECTED),
      v.description('guide only between these training timesteps'),
    ),
  ),
  guidanceRescale: v.optional(
    realEntry(0, 1, 'tone down the contrast of strong guidance', '0 (off) to 1; 0.7 is usual'),
  ),
  classifier: v.optional(textEntry('steers by this classifier')),
  classifierLabel: v.optional(textEntry("one of the classifier's labels")),
  classifierScale: v.optional(
    realEntry(
      -MAX_CLASSIFIER_SCALE,
      MAX_CLASSIFIER_SCALE,
      `how strongly to steer, 0: not at all, below 0: away from the label (default: ${CLASSIFIER_SCALE_DEFAULT})`,
      `−${MAX_CLASSIFIER_SCALE} to ${MAX_CLASSIFIER_SCALE}; 0 is off, 5 to 30 are usual, below 0 avoids the label`,
    ),
  ),
  numInferenceSteps: v.optional(wholeEntry(1, MAX_INFERENCE_STEPS, "denoising steps (default: the model's)")),
  sampler: v.optional(wordEntry(SAMPLER_NAMES, "default: the model's")),
  eta: v.optional(realEntry(0, 1, 'noise of the sampler ddim', '0 (deterministic) to 1 (as noisy as ddpm)')),
  strength: v.optional(
    realEntry(
      0,
      1,
      `how far to go, 0: not at all, 1: anywhere, from the image (default: ${varied.strength}, ${masked.strength} with a mask) or the conditional VAE's picture (${REFINE_STRENGTH})`,
      '0 (what it begins from) to 1 (anything)',
    ),
  ),
  resamples: v.optional(
    wholeEntry(
      1,
      MAX_RESAMPLES,
      `with a mask: how often each step is made, so that the new fits (default: ${masked.resamples})`,
    ),
  ),
  keepAlpha: v.optional(
    v.pipe(
      v.boolean('expected true or false'),
      v.description(`keep to the image's outline (default: ${varied.keepAlpha}, ${masked.keepAlpha} with a mask)`),
    ),
  ),
  widthPx: v.optional(
    wholeEntry(
      1,
      MAX_SIDE_PX,
      "a multiple of the model's tile, where its pictures repeat; at most 2^20 pixels in all (default: the tile)",
    ),
  ),
  heightPx: v.optional(wholeEntry(1, MAX_SIDE_PX, 'the same for the height')),
  sizePx: v.optional(wholeEntry(1, MAX_SIDE_PX, 'width and height alike')),
};

const bytes = (name: string) =>
  v.union(
    [v.string(), v.instance(Uint8Array), v.instance(Uint8ClampedArray)],
    `expected the bytes of the ${name}, or what a saved recipe has`,
  );

/** The form of a whole recipe, as `completeRecipe` takes it, wherever it comes from. */
export const RECIPE_SCHEMA = v.object(
  {
    label: textEntry('a label of the model'),
    blend: v.optional(BLEND_ENTRY),
    attributes: v.optional(ATTRIBUTES_ENTRY),
    ...SAME_ENTRIES,
    seed: v.optional(SEED_ENTRY),
    interpolate: v.optional(INTERPOLATE_ENTRY),
    image: v.optional(bytes('image')),
    mask: v.optional(bytes('mask')),
    ...SAMPLING_ENTRIES,
  },
  'expected a recipe such as { label: "elf", seed: 7 }',
);

/** The names of all entries of a recipe. */
export const RECIPE_KEYS: readonly string[] = Object.keys(RECIPE_SCHEMA.entries);
