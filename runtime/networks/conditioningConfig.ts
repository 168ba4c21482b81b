import * as v from 'valibot';
import { isRange, MAX_ATTRIBUTE_WORDS, MAX_WORD_LENGTH, type Vocabulary } from '../core/attributes.ts';
import { attributesByName } from '../core/attributesByName.ts';
import { MAX_GUIDANCE_SCALE, MAX_INFERENCE_STEPS } from '../core/samplingBounds.ts';
import { parseNetworkConfig } from './config.ts';

const MAX_LABELS = 100_000;
export const MAX_EMBEDDING_DIM = 16_384;
const MAX_NUMERIC_CHANNELS = 1024;

/** How many words an attribute has, or `number` for one that is measured. */
export type AttributeKind = number | 'number';

/** Names are parts of weights' names, where dots separate. */
const name = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(MAX_WORD_LENGTH),
  v.regex(/^[^.\p{Cc}]+$/u, (issue) => `attribute ${JSON.stringify(issue.input)} has a dot or control character`),
);
const count = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(max));
const kind = v.union(
  [count(MAX_ATTRIBUTE_WORDS), v.literal('number')],
  `expected a number of values from 1 to ${MAX_ATTRIBUTE_WORDS}, or "number"`,
);

/** The form of the kinds of attributes by name, in a network's config. */
export const ATTRIBUTE_KINDS = attributesByName(kind, 'expected the attributes by name', name);

const MAX_STEP_COUNTS = 16;
const scale = v.pipe(v.number(), v.minValue(0), v.maxValue(MAX_GUIDANCE_SCALE));

const student = v.object({
  step_counts: v.pipe(v.array(count(MAX_INFERENCE_STEPS)), v.minLength(1), v.maxLength(MAX_STEP_COUNTS), v.readonly()),
  guidance_scale: v.pipe(
    v.tuple([scale, scale]),
    v.check(([least, most]) => least < most, 'expected two guidance scales, the smaller one first'),
    v.readonly(),
  ),
});

/** What a distilled network is told besides: how its pictures are sampled. */
export interface StudentConfig {
  /** The numbers of evaluations that it makes a picture in; each has a row of its own. */
  readonly step_counts: readonly number[];
  /** The least and the largest guidance scale that it has learned. */
  readonly guidance_scale: readonly [least: number, most: number];
}

const schema = v.object({
  embedding_dim: count(MAX_EMBEDDING_DIM),
  num_labels: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_LABELS)),
  attributes: ATTRIBUTE_KINDS,
  numeric_channels: v.optional(v.pipe(count(MAX_NUMERIC_CHANNELS), v.multipleOf(2)), 32),
  student: v.optional(student),
});

export interface ConditioningConfig {
  /** The width of the conditioning vector, which is that of the U-Net's time embedding. */
  embedding_dim: number;
  num_labels: number;
  /** The attributes that the network knows, by name, in the order in which a picture's values are given. */
  attributes: Record<string, AttributeKind>;
  /** How many sinusoidal features stand for a numeric attribute or a guidance scale; an even number. */
  numeric_channels: number;
  /** What a network that was made by `figment distil` is told besides. Other networks have no such entry. */
  student?: StudentConfig;
}

/**
 * Reads conditioning/config.json.
 *
 * @throws Error naming every option that is unsupported or malformed
 */
export function parseConditioningConfig(json: unknown, fileName = 'conditioning/config.json'): ConditioningConfig {
  return parseNetworkConfig(schema, [], json, fileName);
}

/** The config for this many labels and these attributes, and of a student. @throws Error as `parseConditioningConfig` */
export function conditioningConfig(
  embeddingDim: number,
  numLabels: number,
  vocabulary: Vocabulary,
  student?: StudentConfig,
): ConditioningConfig {
  const attributes = attributeKinds(vocabulary);
  return parseConditioningConfig(
    { embedding_dim: embeddingDim, num_labels: numLabels, attributes, ...(student && { student }) },
    'the attributes',
  );
}

/** How many words each attribute has, or that it is a number. */
export function attributeKinds(vocabulary: Vocabulary): Record<string, AttributeKind> {
  const kinds = Object.entries(vocabulary).map(([name, values]): [string, AttributeKind] => [
    name,
    isRange(values) ? 'number' : values.length,
  ]);
  return Object.fromEntries(kinds);
}
