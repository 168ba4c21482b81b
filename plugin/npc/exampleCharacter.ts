import {
  type AttributeExamples,
  type Attributes,
  attributeProblem,
  decideAttributes,
  decodeAttributes,
  encodeAttributes,
  type Vocabulary,
} from '../../runtime/index.ts';

/** A model whose examples decide, and what is settled already. */
export interface ExampleCharacter {
  labels: readonly string[];
  attributes: Vocabulary;
  examples: AttributeExamples;
  /** One of the labels. */
  label: string;
  /** What is asked for; what the model does not know is passed over. */
  asked: Attributes;
  /** Whether a value can stand in the pictures of all models. */
  isKnownToAll: (name: string, value: string | number) => boolean;
}

/**
 * All attributes of a character as an example of its label has them, which the seed draws, with what is asked for in place of
 * the example's own words. Examples of words that not all models know are left out, as long as others remain.
 */
export function characterByExamples(character: ExampleCharacter, seed: number): Record<string, string | number> {
  const { labels, attributes: vocabulary, label, asked } = character;
  const known = Object.entries(asked).filter(([name, value]) => !attributeProblem(vocabulary, name, value));
  const values = encodeAttributes('createNpc', vocabulary, Object.fromEntries(known));
  const place = labels.indexOf(label);
  const decided = decideAttributes(
    { examples: examplesForAll(character, place), attributes: vocabulary },
    place,
    values,
    seed,
  );
  return decodeAttributes(vocabulary, decided);
}

function examplesForAll(
  { attributes: vocabulary, examples, isKnownToAll }: ExampleCharacter,
  label: number,
): AttributeExamples {
  const width = Object.keys(vocabulary).length;
  const valuesOf = (i: number) => [...examples.values.subarray(i * width, (i + 1) * width)];
  const kept = [...examples.labels.keys()].filter((i) =>
    Object.entries(decodeAttributes(vocabulary, valuesOf(i))).every(([name, value]) => isKnownToAll(name, value)),
  );
  if (!kept.some((i) => examples.labels[i] === label)) return examples;
  return {
    labels: Uint8Array.from(kept, (i) => examples.labels[i]!),
    values: Float32Array.from(kept.flatMap(valuesOf)),
  };
}
