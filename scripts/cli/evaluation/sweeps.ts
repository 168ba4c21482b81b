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

/** The rank correlation of each attribute: its mean over labels, and that of each label. */
export type RankCorrelations = Record<string, { mean: number; perClass: Record<string, number> }>;

export interface MonotonyMetrics {
  guidanceScale: number;
  seedsPerClass: number;
  attributes: RankCorrelations;
  /** The same of real pictures that were given, as they are and after the auto-encoder: how well the classifier reads numbers. */
  real?: { numSweeps: number; attributes: RankCorrelations; afterAutoencoder: RankCorrelations };
}

/** One number of pictures that differ in it alone, in ascending order. */
export interface SweptValues {
  attribute: string;
  label: string;
  values: readonly number[];
}

/** Pictures to be made, one for each value. */
export interface Sweep extends SweptValues {
  requests: readonly PictureOptions[];
}

/** Real pictures, as images of a data set; one for each value. */
export interface RealSweep extends SweptValues {
  images: readonly number[];
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

/** Of fewer pictures a rank correlation says little. */
const LEAST_IMAGES = 3;

/** The images that follow one another in a data set and differ in one number alone, which grows; three of them or more. */
export function realSweeps(dataset: Dataset): RealSweep[] {
  const { labels, classLabels } = dataset;
  const rows: { column: NumberColumn; images: number[] }[] = [];
  for (const image of classLabels.keys()) {
    const column = grownColumn(dataset, image);
    const last = rows.at(-1);
    if (!column) continue;
    if (last?.column === column && last.images.at(-1) === image - 1) last.images.push(image);
    else rows.push({ column, images: [image - 1, image] });
  }
  return rows
    .filter(({ images }) => images.length >= LEAST_IMAGES)
    .map(({ column, images }) => ({
      attribute: column.name,
      label: labels[classLabels[images[0]!]!]!,
      values: images.map((image) => numberOf(column, image)),
      images,
    }));
}

/** The one number that an image has more of than the image before it, all else alike; undefined where there is none. */
function grownColumn({ classLabels, attributes = [] }: Dataset, image: number): NumberColumn | undefined {
  if (image === 0 || classLabels[image] !== classLabels[image - 1]) return undefined;
  const [before, now] = [attributesOf(attributes, image - 1), attributesOf(attributes, image)];
  const [changed, ...more] = attributes.filter(({ name }) => before[name] !== now[name]);
  if (!changed || more.length > 0 || isWords(changed)) return undefined;
  return numberOf(changed, image - 1) < numberOf(changed, image) ? changed : undefined;
}

/**
 * The mean of the rank correlations of the sweeps of each attribute; where the classifier reads the same everywhere, it is 0.
 *
 * @param read of each sweep what the classifier reads in its pictures
 */
export function monotonyOf(sweeps: readonly SweptValues[], read: readonly (readonly number[])[]): RankCorrelations {
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
