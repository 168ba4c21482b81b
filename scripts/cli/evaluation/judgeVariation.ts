// Whether one attribute can be changed alone: an expression, and the person stays.
import {
  attributesOf,
  type Dataset,
  type DatasetSplit,
  isWords,
  type PictureOptions,
  varyRecipe,
} from '../../../runtime/index.ts';
import { UsageError } from '../../node/usageError.ts';

export interface VariationMetrics {
  guidanceScale: number;
  attribute: string;
  numIdentities: number;
  /** The share of all pictures in which the classifier reads the word that was asked for. */
  recognised: number;
  recognisedPerWord: Record<string, number>;
  /** The mean share of pictures in which another attribute is read as in the picture that they vary. */
  kept: number;
  keptPerAttribute: Record<string, number>;
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
  const members = labels.map((_, label) => heldOut.filter((image) => classLabels[image] === label));
  return Array.from({ length: numIdentities }, (_, i) => {
    const label = i % labels.length;
    const round = Math.floor(i / labels.length);
    const own = attributesOf(attributes, members[label]![round % members[label]!.length]!);
    const origin = { label: labels[label]!, seed: (firstSeed + round) >>> 0, attributes: own };
    const others = words.filter((word) => word !== own[attribute]);
    return {
      label: origin.label,
      words: [words.find((word) => word === own[attribute]) ?? null, ...others],
      requests: [origin, ...others.map((word) => varyRecipe<PictureOptions>(origin, { [attribute]: word }))],
    };
  });
}

/**
 * @param read of each set, of each of its pictures, the values that the classifier reads, in the order of `names`
 */
export function variationOf(
  sets: readonly VariedSet[],
  read: readonly (readonly ArrayLike<number>[])[],
  { names, attribute, words }: { names: readonly string[]; attribute: string; words: readonly string[] },
): Pick<VariationMetrics, 'recognised' | 'recognisedPerWord' | 'kept' | 'keptPerAttribute'> {
  const place = names.indexOf(attribute);
  const pictures = sets.flatMap((set, i) =>
    set.words.map((word, j) => ({ word, values: read[i]![j]!, origin: read[i]![0]!, isOrigin: j === 0 })),
  );
  const share = (of: typeof pictures, holds: (picture: (typeof pictures)[number]) => boolean) =>
    of.filter(holds).length / of.length;
  const isRecognised = ({ word, values }: (typeof pictures)[number]) => words[values[place]!] === word;
  const varied = pictures.filter(({ isOrigin }) => !isOrigin);
  const others = names.filter((name) => name !== attribute);
  const keptPerAttribute = Object.fromEntries(
    others.map((name) => {
      const at = names.indexOf(name);
      return [name, share(varied, ({ values, origin }) => Math.abs(values[at]! - origin[at]!) < SAME)];
    }),
  );
  return {
    recognised: share(
      pictures.filter(({ word }) => word !== null),
      isRecognised,
    ),
    recognisedPerWord: Object.fromEntries(
      words.map((word) => [
        word,
        share(
          pictures.filter((picture) => picture.word === word),
          isRecognised,
        ),
      ]),
    ),
    kept: Object.values(keptPerAttribute).reduce((sum, kept) => sum + kept, 0) / others.length,
    keptPerAttribute,
  };
}
