import {
  type Dataset,
  membersOf,
  nearestWord,
  permutation,
  rowsOf,
  SPLIT_STREAMS,
  streamAt,
} from '../../../runtime/index.ts';
import { UsageError } from '../../node/usageError.ts';

/** A new label, and which values of a column it stands for; `*` for all that no other label names. */
export interface Group {
  label: string;
  values: string[];
}

export interface RegroupOptions {
  /** Take equally many pictures of each old label into every group, so that a group says nothing about the old label. */
  matched: boolean;
  /** Decides which pictures are left out for that. */
  seed: number;
}

const REST = '*';
/** More values than that are not listed in a message. */
const MAX_SHOWN = 12;

/**
 * A data set with new labels, by an attribute of each picture; pictures whose value no group names are left out.
 *
 * @param values one for each picture
 * @throws       RangeError when the numbers differ; UsageError for a value that no picture has, and when a group stays empty
 */
export function regroup(
  dataset: Dataset,
  values: readonly string[],
  groups: readonly Group[],
  { matched, seed }: RegroupOptions,
): Dataset {
  const { images, classLabels } = dataset;
  if (values.length !== classLabels.length) {
    throw new RangeError(`${values.length} attributes for ${classLabels.length} pictures; expected one for each`);
  }
  checkValues(values, groups);
  const groupOf = values.map((value) => indexOfGroup(groups, value));
  const chosen = matched
    ? matchedImages(dataset, groupOf, groups.length, seed)
    : Array.from(groupOf.keys()).filter((image) => groupOf[image]! >= 0);
  for (const [index, { label }] of groups.entries()) {
    if (chosen.some((image) => groupOf[image] === index)) continue;
    const remedy = matched ? 'give it values that more labels have, or leave out --matched' : 'leave it out';
    throw new UsageError(`dataset relabel: no picture is left with "${label}"; ${remedy}`);
  }
  const size = images.length / classLabels.length;
  const kept = new Uint8Array(chosen.length * size);
  for (const [i, image] of chosen.entries()) kept.set(images.subarray(image * size, (image + 1) * size), i * size);
  return {
    ...dataset,
    labels: groups.map(({ label }) => label),
    images: kept,
    classLabels: Int32Array.from(chosen, (image) => groupOf[image]!),
    attributes: dataset.attributes && rowsOf(dataset.attributes, chosen),
    sources: dataset.sources && chosen.map((image) => dataset.sources![image]!),
  };
}

/** A value with a slip of the pen would be missed by its group, or go to that of all others. */
function checkValues(values: readonly string[], groups: readonly Group[]): void {
  const known = [...new Set(values)];
  const unknown = groups.flatMap((group) => group.values).find((value) => value !== REST && !known.includes(value));
  if (unknown === undefined) return;
  const some = known.length > MAX_SHOWN ? '' : ` known: ${known.join(', ')}`;
  throw new UsageError(
    `dataset relabel: no picture has "${unknown}", which a group names; did you mean "${nearestWord(known, unknown)}"?${some}`,
  );
}

/** The group of a value; −1 where no group has it. */
function indexOfGroup(groups: readonly Group[], value: string): number {
  const named = groups.findIndex(({ values }) => values.includes(value));
  return named >= 0 ? named : groups.findIndex(({ values }) => values.includes(REST));
}

/** For each old label, as many pictures of every group as the smallest of its groups has, drawn by the seed. */
function matchedImages({ labels, classLabels }: Dataset, groupOf: number[], numGroups: number, seed: number): number[] {
  const chosen = labels.flatMap((_, label) => {
    const members = Array.from({ length: numGroups }, (_, group) =>
      membersOf(classLabels, label).filter((image) => groupOf[image] === group),
    );
    const count = Math.min(...members.map((places) => places.length));
    return members.flatMap((places, group) => {
      const order = permutation(seed, streamAt(SPLIT_STREAMS.matched, label * numGroups + group), places.length);
      return Array.from(order.subarray(0, count), (place) => places[place]!);
    });
  });
  return chosen.sort((a, b) => a - b);
}
