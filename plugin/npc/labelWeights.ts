import { type AttributeExamples, type Attributes, isRange, type Vocabulary } from '../../runtime/index.ts';

/** The labels and attributes of a model, and which of them its training pictures had together. */
export interface ExampleWords {
  labels: readonly string[];
  attributes: Vocabulary;
  examples: AttributeExamples;
}

/**
 * How well each label goes with the attributes that are asked for. No example has more of these words than the best ones; the weight of a
 * label is the share of its own examples that are among those. Where elders alone have white hair, only "elder" goes with that; where
 * no attribute is asked for, all labels with examples weigh 1. Attributes that are numbers are passed over.
 *
 * @param asked attributes by name; those that the model lacks are passed over
 * @returns     a weight from 0 to 1 for each label, in the order of the labels; all are 0 where the model has no examples
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
