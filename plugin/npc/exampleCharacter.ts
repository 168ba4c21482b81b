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
  const names = Object.keys(vocabulary);
  const areKnown = names.map((name) => {
    const ofName = { [name]: vocabulary[name]! };
    return remembered((value) => {
      const words = Object.values(decodeAttributes(ofName, [value])); // one, or none where it is open
      return words.every((word) => isKnownToAll(name, word));
    });
  });
  const kept = [...examples.labels.keys()].filter((row) =>
    areKnown.every((isKnown, place) => isKnown(examples.values[row * names.length + place]!)),
  );
  return kept.some((row) => examples.labels[row] === label) ? leftOf(examples, kept, names.length) : examples;
}

/** Of each model's examples those that were left last: who goes by what is counted once for the same ones. */
const LEFT = new WeakMap<AttributeExamples, { rows: readonly number[]; left: AttributeExamples }>();

/** Some rows of the examples. */
function leftOf(examples: AttributeExamples, rows: readonly number[], width: number): AttributeExamples {
  const last = LEFT.get(examples);
  if (last?.rows.length === rows.length && last.rows.every((row, i) => row === rows[i])) return last.left;
  const left = {
    labels: Uint8Array.from(rows, (row) => examples.labels[row]!),
    values: Float32Array.from(rows.flatMap((row) => [...examples.values.subarray(row * width, (row + 1) * width)])),
  };
  LEFT.set(examples, { rows, left });
  return left;
}

/** The function with its results remembered: examples have few values, and there are many examples. */
function remembered<Result>(of: (value: number) => Result): (value: number) => Result {
  const results = new Map<number, Result>();
  return (value) => {
    if (!results.has(value)) results.set(value, of(value));
    return results.get(value)!;
  };
}
