import { permutation } from '../core/random.ts';
import { SPLIT_STREAMS, streamAt } from '../core/streams.ts';
import { combinationsOf, isWords, selectColumns } from './attributeColumns.ts';
import { type Dataset, membersOf } from './dataset.ts';

/** Which images train and which are kept away to judge with; both ascending. */
export interface DatasetSplit {
  train: Int32Array;
  heldOut: Int32Array;
}

/**
 * Splits a data set by class: from each class the same share is held out, drawn by the seed. A class keeps at least one
 * training image, and the draw within a class does not depend on the other classes.
 *
 * With attributes to hold out by, whole combinations of their values go to one side: what is held out then shows whether a
 * model makes what it has never seen together. The share is that of all images, and may be a little less.
 *
 * @param fraction share held out, 0 ≤ fraction < 1; rounded to whole images in each class
 * @param seed     uint32
 * @param by       names of attributes; default: none
 * @throws         RangeError when the fraction is out of range, an attribute is unknown or a number, or every combination has
 *                 too many images to be held out
 */
export function splitHeldOut(
  dataset: Pick<Dataset, 'labels' | 'classLabels' | 'attributes'>,
  fraction: number,
  seed: number,
  by: readonly string[] = [],
): DatasetSplit {
  if (!(fraction >= 0 && fraction < 1)) {
    throw new RangeError(`splitHeldOut: fraction is ${fraction}; expected 0 or more and less than 1`);
  }
  if (by.length > 0) return splitByCombination(dataset, fraction, seed, by);
  const train: number[] = [];
  const heldOut: number[] = [];
  for (let label = 0; label < dataset.labels.length; label++) {
    const members = membersOf(dataset.classLabels, label);
    const numHeldOut = Math.max(0, Math.min(Math.round(fraction * members.length), members.length - 1));
    const order = permutation(seed, streamAt(SPLIT_STREAMS.heldOut, label), members.length);
    order.forEach((position, rank) => {
      (rank < numHeldOut ? heldOut : train).push(members[position]!);
    });
  }
  return { train: Int32Array.from(train).sort(), heldOut: Int32Array.from(heldOut).sort() };
}

function splitByCombination(
  { labels, classLabels, attributes = [] }: Pick<Dataset, 'labels' | 'classLabels' | 'attributes'>,
  fraction: number,
  seed: number,
  by: readonly string[],
): DatasetSplit {
  const columns = selectColumns(attributes, by);
  const measured = columns.find((column) => !isWords(column));
  if (measured) {
    throw new RangeError(
      `splitHeldOut: ${measured.name} is a number, which hardly two images share; name attributes of words`,
    );
  }
  const combinations = combinationsOf(columns, classLabels.length);
  const room = Math.round(fraction * classLabels.length);
  const numTraining = labels.map((_, label) => membersOf(classLabels, label).length);
  const heldOut: number[] = [];
  for (const place of permutation(seed, SPLIT_STREAMS.combinations.first, combinations.length)) {
    const images = combinations[place]!;
    const left = [...numTraining];
    for (const image of images) left[classLabels[image]!]!--;
    const leavesEmpty = left.some((count, label) => count === 0 && numTraining[label]! > 0);
    if (leavesEmpty || heldOut.length + images.length > room) continue;
    heldOut.push(...images);
    numTraining.splice(0, left.length, ...left);
  }
  if (room > 0 && heldOut.length === 0) {
    throw new RangeError(
      `splitHeldOut: each of the ${combinations.length} combinations of ${by.join(', ')} has more than ${room} images or all of a class; name more attributes, or hold out a larger share`,
    );
  }
  const isHeldOut = new Set(heldOut);
  const train = Array.from(classLabels.keys()).filter((image) => !isHeldOut.has(image));
  return { train: Int32Array.from(train), heldOut: Int32Array.from(heldOut).sort() };
}
