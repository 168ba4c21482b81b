// Whether one attribute can be changed alone: an expression, and the person stays.
import {
  attributesOf,
  type Dataset,
  type DatasetSplit,
  encodeColumns,
  isWords,
  membersOf,
  nextSeed,
  type PictureOptions,
  varyRecipe,
} from '../../../runtime/index.ts';
import { UsageError } from '../../node/usageError.ts';

export interface VariationMetrics extends VariationShares {
  guidanceScale: number;
  attribute: string;
  numIdentities: number;
  /** The same of real pictures, where there are some that vary: nothing generated can be expected to do better. */
  real?: VariationShares & { numIdentities: number; hidden: HiddenAttributes };
}

/** By word of the attribute that is varied: the other attributes that don't show in real pictures of it, as eyes that are shut. */
export type HiddenAttributes = Readonly<Record<string, readonly string[]>>;

export interface VariationShares {
  /** The share of all pictures in which the classifier reads the word that was asked for. */
  recognised: number;
  recognisedPerWord: Record<string, number>;
  /** The mean share of pictures in which another attribute is read as in the picture that they vary. */
  kept: number;
  keptPerAttribute: Record<string, number>;
  /** The same without attributes in pictures of words that hide them; only where real pictures tell what is hidden. */
  keptWhereShown?: number;
  keptPerAttributeWhereShown?: Record<string, number>;
}

/** Pictures that are one but for one attribute; the first is the one that the others vary. */
export interface VariedSet {
  label: string;
  /** The word that each picture is asked for; null where that of the first is not known. */
  words: readonly (string | null)[];
  requests: readonly PictureOptions[];
}

/** Words are whole numbers; an estimate of a number is the same within a tenth of its range. */
const SAME = 0.1;

/** The words of an attribute. @throws UsageError for one of numbers, or one that the data set lacks */
export function variedWords({ attributes = [] }: Pick<Dataset, 'attributes'>, attribute: string): readonly string[] {
  const known = attributes.filter(isWords);
  const column = known.find(({ name }) => name === attribute);
  if (column) return column.values;
  const names = known.map(({ name }) => name).join(', ') || 'none';
  throw new UsageError(`evaluate: --vary ${attribute}: no attribute of words has that name; there are ${names}`);
}

/** Sets of all words of an attribute: of held-out images, label after label until there are enough. */
export function planVariedSets(
  dataset: Dataset,
  { heldOut }: DatasetSplit,
  { attribute, numIdentities, firstSeed }: { attribute: string; numIdentities: number; firstSeed: number },
): VariedSet[] {
  const { labels, classLabels, attributes = [] } = dataset;
  const words = variedWords(dataset, attribute);
  const members = labels.map((_, label) => membersOf(classLabels, label, heldOut));
  return Array.from({ length: numIdentities }, (_, i) => {
    const label = i % labels.length;
    const round = Math.floor(i / labels.length);
    const own = attributesOf(attributes, members[label]![round % members[label]!.length]!);
    const origin = { label: labels[label]!, seed: nextSeed(firstSeed, round), attributes: own };
    const others = words.filter((word) => word !== own[attribute]);
    return {
      label: origin.label,
      words: [words.find((word) => word === own[attribute]) ?? null, ...others],
      requests: [origin, ...others.map((word) => varyRecipe<PictureOptions>(origin, { [attribute]: word }))],
    };
  });
}

/** Real pictures of one subject, as images of a data set; the first is the one that the others are compared with. */
export interface RealSet {
  words: VariedSet['words'];
  images: readonly number[];
}

/**
 * The pictures of a data set that are alike in label and all attributes but one, with two words of that one or more; pictures of which
 * not all is known are left out. In each set it is another picture's turn to be the first.
 */
export function realSets({ classLabels, attributes = [] }: Dataset, attribute: string): RealSet[] {
  const words = variedWords({ attributes }, attribute);
  const { data: varied } = attributes.find(({ name }) => name === attribute)!;
  const others = attributes.filter(({ name }) => name !== attribute);
  const subjects = new Map<string, number[]>();
  for (const [image, label] of classLabels.entries()) {
    if (encodeColumns(attributes, [image]).some((value) => value < 0)) continue;
    const key = [label, ...encodeColumns(others, [image])].join();
    subjects.set(key, [...(subjects.get(key) ?? []), image]);
  }
  return [...subjects.values()]
    .filter((images) => new Set(images.map((image) => varied[image])).size > 1)
    .map((images, i) => {
      const first = i % images.length;
      const turned = [...images.slice(first), ...images.slice(0, first)];
      return { images: turned, words: turned.map((image) => words[varied[image]!]!) };
    });
}

/** What the classifier reads, and what was varied. */
interface VariationOptions {
  /** Of all attributes, in the order of what is read. */
  names: readonly string[];
  attribute: string;
  words: readonly string[];
}

type ReadSets = readonly (readonly ArrayLike<number>[])[];

/** A picture that varies the first of its set, and that one. */
interface VariedPair {
  words: readonly [origin: string | null, word: string | null];
  isKept(place: number): boolean;
}

function variedPairs(sets: readonly Pick<VariedSet, 'words'>[], read: ReadSets): VariedPair[] {
  return sets.flatMap(({ words }, i) => {
    const [origin, ...others] = read[i]!;
    return others.map((values, j) => ({
      words: [words[0]!, words[j + 1]!] as const,
      isKept: (place: number) => Math.abs(values[place]! - origin![place]!) < SAME,
    }));
  });
}

/**
 * The attributes that real pictures of a word don't show: less than half of them are read as in the other picture.
 *
 * @param read of each set, of each of its pictures, the values that the classifier reads, in the order of `names`
 */
export function hiddenAttributes(
  sets: readonly Pick<VariedSet, 'words'>[],
  read: ReadSets,
  { names, attribute, words }: VariationOptions,
): HiddenAttributes {
  const pairs = variedPairs(sets, read);
  const hiddenBy = (word: string) => {
    const own = pairs.filter((pair) => pair.words.includes(word));
    return names.filter(
      (name, place) => name !== attribute && 2 * own.filter((pair) => pair.isKept(place)).length < own.length,
    );
  };
  return Object.fromEntries(
    words.map((word) => [word, hiddenBy(word)] as const).filter(([, hidden]) => hidden.length > 0),
  );
}

/**
 * @param read   of each set, of each of its pictures, the values that the classifier reads, in the order of `names`
 * @param hidden what real pictures don't show; absent where there are none
 */
export function variationOf(
  sets: readonly Pick<VariedSet, 'words'>[],
  read: ReadSets,
  { names, attribute, words }: VariationOptions,
  hidden?: HiddenAttributes,
): VariationShares {
  const place = names.indexOf(attribute);
  const pictures = sets.flatMap((set, i) => set.words.map((word, j) => ({ word, values: read[i]![j]! })));
  const isRecognised = ({ word, values }: (typeof pictures)[number]) => words[values[place]!] === word;
  const pairs = variedPairs(sets, read);
  const others = names.filter((name) => name !== attribute);
  const keptPer = (isCounted: (pair: VariedPair, name: string) => boolean) =>
    others.map((name): [string, number] => {
      const counted = pairs.filter((pair) => isCounted(pair, name));
      return [name, share(counted, (pair) => pair.isKept(names.indexOf(name)))];
    });
  const isShown = ({ words: both }: VariedPair, name: string) =>
    both.every((word) => word === null || !hidden?.[word]?.includes(name));
  const [kept, keptShown] = [keptPer(() => true), keptPer(isShown).filter(([, of]) => !Number.isNaN(of))];
  return {
    recognised: share(
      pictures.filter(({ word }) => word !== null),
      isRecognised,
    ),
    recognisedPerWord: Object.fromEntries(
      words
        .map((word) => ({ word, own: pictures.filter((picture) => picture.word === word) }))
        .filter(({ own }) => own.length > 0)
        .map(({ word, own }) => [word, share(own, isRecognised)]),
    ),
    kept: meanOf(kept),
    keptPerAttribute: Object.fromEntries(kept),
    ...(hidden && { keptWhereShown: meanOf(keptShown), keptPerAttributeWhereShown: Object.fromEntries(keptShown) }),
  };
}

function share<Item>(items: readonly Item[], holds: (item: Item) => boolean): number {
  return items.filter(holds).length / items.length;
}

/** 1 where there is nothing to keep. */
function meanOf(shares: readonly (readonly [string, number])[]): number {
  return shares.length > 0 ? shares.reduce((sum, [, of]) => sum + of, 0) / shares.length : 1;
}
