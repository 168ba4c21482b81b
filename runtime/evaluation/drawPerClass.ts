import { permutation } from '../core/random.ts';

const DRAW_STREAM = 0xd3000000;

/**
 * Draws equally many images of each class, so that two sets can be compared which differ in size.
 *
 * @param classLabels int32 (N)
 * @param perClass    images of each class; all of a class that has fewer
 * @param seed        uint32
 * @returns           positions in `classLabels`, class after class
 */
export function drawPerClass(classLabels: Int32Array, numLabels: number, perClass: number, seed: number): Int32Array {
  const drawn: number[] = [];
  for (let label = 0; label < numLabels; label++) {
    const members = positionsOf(classLabels, label);
    const order = permutation(seed, DRAW_STREAM + label, members.length);
    drawn.push(...Array.from(order.subarray(0, perClass), (position) => members[position]!));
  }
  return Int32Array.from(drawn);
}

/** Number of images of the smallest class. */
export function smallestClass(classLabels: Int32Array, numLabels: number): number {
  return Math.min(...Array.from({ length: numLabels }, (_, label) => positionsOf(classLabels, label).length));
}

/** Where a class stands, ascending. */
export function positionsOf(classLabels: Int32Array, label: number): number[] {
  const positions: number[] = [];
  classLabels.forEach((value, position) => {
    if (value === label) positions.push(position);
  });
  return positions;
}
