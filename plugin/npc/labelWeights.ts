import { type AttributeExamples, type Attributes, isRange, type Vocabulary } from '../../runtime/index.ts';

/** What a model knows of its labels. */
export interface ExampleWords {
  labels: readonly string[];
  attributes: Vocabulary;
  examples: AttributeExamples;
}

/**
 * How often each label goes with what is asked for: the share of its examples that have as many of these words as any example has.
 * So elders alone go with white hair where all others are brown, and all labels alike with nothing. Numbers decide nothing.
 *
 * @param asked what the model does not know is passed over
 * @returns     a weight for each label, 0 … 1, one of them at least above 0 where there are examples
 */
export function labelWeights({ labels, attributes: vocabulary, examples }: ExampleWords, asked: Attributes): number[] {
  const names = Object.keys(vocabulary);
  const words = names.flatMap((name, place) => {
    const values = vocabulary[name]!;
    const value = isRange(values) ? -1 : values.indexOf(String(asked[name]));
    return value < 0 ? [] : [{ place, value }];
  });
  const matches = Array.from(
    examples.labels,
    (_, row) => words.filter(({ place, value }) => examples.values[row * names.length + place] === value).length,
  );
  const most = Math.max(...matches);
  return labels.map((_, label) => {
    const own = matches.filter((_, row) => examples.labels[row] === label);
    return own.filter((count) => count === most).length / (own.length || 1);
  });
}
