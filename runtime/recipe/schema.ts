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
import { TIMESTEPS_SCHEMA } from '../core/timestepInterval.ts';
import { TEXTS } from './entryTexts.ts';
import { PIPELINE_NAMES } from './recipe.ts';

const MAX_NAME_LENGTH = 300;

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

export const SEED_ENTRY = wholeEntry(0, MAX_SEED, TEXTS.seed);

export const INTERPOLATE_ENTRY = v.pipe(
  v.strictObject(
    {
      seed: wholeEntry(0, MAX_SEED, TEXTS.interpolateSeed),
      amount: realEntry(0, 1, TEXTS.interpolateAmount, '0 (seed alone) to 1 (interpolate.seed alone)'),
    },
    'expected { seed, amount }',
  ),
  v.description(TEXTS.interpolate),
);

export const BLEND_ENTRY = v.pipe(
  v.strictObject(
    {
      label: textEntry(TEXTS.blendLabel),
      amount: realEntry(0, 1, TEXTS.blendAmount, '0 (the own label alone) to 1 (blend.label alone)'),
    },
    'expected { label, amount }',
  ),
  v.description(TEXTS.blend),
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

const ATTRIBUTES_ENTRY = attributesEntry(TEXTS.attributes);

/** Entries that make a picture the same person as another. */
export const SAME_ENTRIES = {
  sameAs: v.optional(attributesEntry(TEXTS.sameAs)),
  sameFor: v.optional(realEntry(0, 1, TEXTS.sameFor, '0 (another person) to 1 (the same picture)')),
};

/** What all pictures of a batch have alike, but for the classifier, which files and calls name in ways of their own. */
export const SAMPLING_ENTRIES = {
  pipeline: v.optional(wordEntry(PIPELINE_NAMES, TEXTS.pipeline)),
  guidanceScale: v.optional(
    realEntry(0, MAX_GUIDANCE_SCALE, TEXTS.guidanceScale, `0 to ${MAX_GUIDANCE_SCALE}; 1 is off, 2 to 4 are usual`),
  ),
  guidanceInterval: v.optional(v.pipe(TIMESTEPS_SCHEMA, v.description(TEXTS.guidanceInterval))),
  guidanceRescale: v.optional(realEntry(0, 1, TEXTS.guidanceRescale, '0 (off) to 1; 0.7 is usual')),
  classifier: v.optional(textEntry(TEXTS.classifier)),
  classifierLabel: v.optional(textEntry(TEXTS.classifierLabel)),
  classifierScale: v.optional(
    realEntry(
      -MAX_CLASSIFIER_SCALE,
      MAX_CLASSIFIER_SCALE,
      TEXTS.classifierScale,
      `−${MAX_CLASSIFIER_SCALE} to ${MAX_CLASSIFIER_SCALE}; 0 is off, 5 to 30 are usual, below 0 avoids the label`,
    ),
  ),
  numInferenceSteps: v.optional(wholeEntry(1, MAX_INFERENCE_STEPS, TEXTS.numInferenceSteps)),
  sampler: v.optional(wordEntry(SAMPLER_NAMES, TEXTS.sampler)),
  eta: v.optional(realEntry(0, 1, TEXTS.eta, '0 (deterministic) to 1 (as noisy as ddpm)')),
  strength: v.optional(realEntry(0, 1, TEXTS.strength, '0 (what it begins from) to 1 (anything)')),
  resamples: v.optional(wholeEntry(1, MAX_RESAMPLES, TEXTS.resamples)),
  keepAlpha: v.optional(v.pipe(v.boolean('expected true or false'), v.description(TEXTS.keepAlpha))),
  widthPx: v.optional(wholeEntry(1, MAX_SIDE_PX, TEXTS.widthPx)),
  heightPx: v.optional(wholeEntry(1, MAX_SIDE_PX, TEXTS.heightPx)),
  sizePx: v.optional(wholeEntry(1, MAX_SIDE_PX, TEXTS.sizePx)),
};

const bytes = (name: string) =>
  v.union(
    [v.string(), v.instance(Uint8Array), v.instance(Uint8ClampedArray)],
    `expected the bytes of the ${name}, or what a saved recipe has`,
  );

/** The form of a whole recipe, as `completeRecipe` takes it, wherever it comes from. */
export const RECIPE_SCHEMA = v.object(
  {
    label: textEntry(TEXTS.label),
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
