// Whether a number that is asked for is heeded: more wear asked for is more wear seen, all else alike.
import {
  attributesOf,
  type Dataset,
  evenlySpread,
  isWords,
  membersOf,
  type NumberColumn,
  nextSeed,
  numberOf,
  type PictureOptions,
  rankCorrelation,
} from '../../../runtime/index.ts';

export interface MonotonyMetrics {
  guidanceScale: number;
  seedsPerClass: number;
  attributes: Record<string, { mean: number; perClass: Record<string, number> }>;
}

/** Pictures that differ in one number alone. */
export interface Sweep {
  attribute: string;
  label: string;
  /** In ascending order, one for each request. */
  values: readonly number[];
  requests: readonly PictureOptions[];
}

const NUM_VALUES = 5;

/** A number that has less of its range in a class cannot be learnt there. */
const MIN_SHARE = 0.2;

/** What is left out at each end of what a class has: there are too few images to learn from. */
const RARE_SHARE = 0.05;

/**
 * A sweep over the values that a class has, for each of its numeric attributes that differ, and each of some seeds. The other
 * attributes are those of an image that has much of it: boards without paint, say, have none that could peel.
 */
export function planSweeps(
  dataset: Dataset,
  { firstSeed, numSeeds }: { firstSeed: number; numSeeds: number },
): Sweep[] {
  const { labels, classLabels, attributes = [] } = dataset;
  const numbers = attributes.filter((column): column is NumberColumn => !isWords(column));
  return numbers.flatMap((column) =>
    labels.flatMap((label, index) => {
      const images = membersOf(classLabels, index);
      const values = valuesBetween(column, images);
      if (!values) return [];
      const middle = (values[0]! + values.at(-1)!) / 2;
      const examples = images.filter((image) => column.data[image]! >= middle);
      return evenlySpread(examples, numSeeds).map((example, i) => {
        const others = attributesOf(attributes, example);
        const request = (value: number) => ({
          label,
          seed: nextSeed(firstSeed, i),
          attributes: { ...others, [column.name]: value },
        });
        return { attribute: column.name, label, values, requests: values.map(request) };
      });
    }),
  );
}

/** Values evenly between the rare ends of what some images have; null where that is too little of the range. */
function valuesBetween(column: NumberColumn, images: readonly number[]): number[] | null {
  const { min, max } = column.values;
  const known = images
    .map((image) => numberOf(column, image))
    .filter((value) => !Number.isNaN(value))
    .sort((a, b) => a - b);
  const at = (share: number) => known[Math.round(share * (known.length - 1))]!;
  const [low, high] = [at(RARE_SHARE), at(1 - RARE_SHARE)];
  if (!(high - low >= MIN_SHARE * (max - min))) return null;
  return Array.from({ length: NUM_VALUES }, (_, i) => Math.min(high, low + (i * (high - low)) / (NUM_VALUES - 1)));
}

/**
 * The mean of the rank correlations of the sweeps of each attribute; where the classifier reads the same everywhere, it is 0.
 *
 * @param read of each sweep what the classifier reads in its pictures
 */
export function monotonyOf(
  sweeps: readonly Sweep[],
  read: readonly (readonly number[])[],
): MonotonyMetrics['attributes'] {
  const found = new Map<string, Map<string, number[]>>();
  for (const [i, { attribute, label, values }] of sweeps.entries()) {
    const correlation = rankCorrelation(values.map((value, j) => [read[i]![j]!, value] as const));
    const ofAttribute = found.get(attribute) ?? new Map<string, number[]>();
    found.set(attribute, ofAttribute);
    ofAttribute.set(label, [...(ofAttribute.get(label) ?? []), Number.isNaN(correlation) ? 0 : correlation]);
  }
  return Object.fromEntries(
    [...found].map(([attribute, ofLabels]) => {
      const perClass = Object.fromEntries([...ofLabels].map(([label, values]) => [label, meanOf(values)]));
      return [attribute, { mean: meanOf(Object.values(perClass)), perClass }];
    }),
  );
}

const meanOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
