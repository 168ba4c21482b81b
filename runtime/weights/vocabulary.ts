import * as v from 'valibot';
import { MAX_ATTRIBUTE_WORDS, MAX_WORD_LENGTH } from '../core/attributes.ts';
import { attributesByName } from '../core/attributesByName.ts';

const word = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_WORD_LENGTH), v.regex(/^\P{Cc}*$/u));
const words = v.pipe(
  v.array(word),
  v.minLength(1, 'expected at least one value'),
  v.maxLength(MAX_ATTRIBUTE_WORDS),
  v.check((values) => new Set(values).size === values.length, 'expected every value once'),
);
const range = v.pipe(
  v.object({ min: v.pipe(v.number(), v.finite()), max: v.pipe(v.number(), v.finite()) }),
  v.check(({ min, max }) => min < max && Number.isFinite(max - min), 'expected min below max, and a finite difference'),
);

/** The attributes of a model by name: a `Vocabulary`. */
export const VOCABULARY_SCHEMA = attributesByName(
  v.union(
    [words, range],
    `expected up to ${MAX_ATTRIBUTE_WORDS} values, each once, or { min, max }; no value may hold control characters`,
  ),
  'expected the attributes by name',
  v.pipe(word, v.regex(/^[^.\p{Cc}]+$/u, 'expected a name without dots and control characters')),
);
