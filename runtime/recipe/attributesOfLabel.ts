// The words that a recipe of one label can ask for.
import type { AttributeExamples } from '../core/attributeExamples.ts';
import { isRange, type Vocabulary } from '../core/attributes.ts';
import { indexOfLabel } from './label.ts';

/** Words belong to labels where at least this share of an attribute's words occurs with one label alone, 0 … 1. */
const OWN = 0.9;

/**
 * A model's attributes with the words that pictures of a label can show. Where nearly every word of an attribute is one label's
 * own, as the patterns of materials are, those of other labels show nothing and are left out. Of all other attributes every word
 * stays, whether the examples have it or not: an elf may well have green hair.
 *
 * @returns the whole vocabulary of a model without examples, or without any of the label
 * @throws  RangeError for a label that the model lacks
 */
export function attributesOfLabel(
  {
    labels,
    attributes: vocabulary = {},
    examples,
  }: { readonly labels: readonly string[]; readonly attributes?: Vocabulary; readonly examples?: AttributeExamples },
  label: string,
): Vocabulary {
  const own = indexOfLabel(labels, label);
  if (!examples?.labels.includes(own)) return vocabulary;
  const entries = Object.entries(vocabulary).map(([name, values], place): [string, Vocabulary[string]] => {
    if (isRange(values)) return [name, values];
    const labelsOf = labelsOfWords(examples, values.length, place, Object.keys(vocabulary).length);
    const shown = labelsOf.filter(({ size }) => size > 0);
    const numOwned = shown.filter(({ size }) => size === 1).length;
    const belongs = numOwned >= OWN * shown.length;
    return [name, belongs ? values.filter((_, word) => labelsOf[word]!.has(own)) : values];
  });
  return Object.fromEntries(entries);
}

/** The labels of the examples with each word of an attribute. @param place that of the attribute among so many */
function labelsOfWords(
  { labels, values }: AttributeExamples,
  numWords: number,
  place: number,
  numAttributes: number,
): Set<number>[] {
  const found = Array.from({ length: numWords }, () => new Set<number>());
  for (const [example, label] of labels.entries()) found[values[example * numAttributes + place]!]!.add(label);
  return found;
}
