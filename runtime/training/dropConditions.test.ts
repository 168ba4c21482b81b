import { describe, expect, it } from 'vitest';
import { dropConditions } from './dropConditions.ts';

const BATCH = 20_000;
const COUNT = 4;
const NULL_LABEL = 9;
const known = {
  classLabels: new Int32Array(BATCH).fill(3),
  attributes: Float32Array.from({ length: BATCH * COUNT }, (_, i) => i % COUNT),
};
const drop = (condDropProb: number, seed = 1, stream = 7) =>
  dropConditions(known, NULL_LABEL, condDropProb, seed, stream);

/** How many images have 0, 1, 2, … of their attributes left. */
function countsOf({ attributes }: { attributes: Float32Array }): number[] {
  const counts = new Array<number>(COUNT + 1).fill(0);
  for (let i = 0; i < BATCH; i++) {
    const kept = attributes.subarray(i * COUNT, (i + 1) * COUNT).filter((value) => value >= 0).length;
    counts[kept]! += 1 / BATCH;
  }
  return counts;
}

describe('dropConditions', () => {
  it('leaves all alone for half of the images, and all numbers of attributes as likely for the others', () => {
    // A rate drawn evenly makes the number of those left even: ∫ binomial(k; n, r) dr = 1 / (n + 1).
    const even = 0.5 / (COUNT + 1);
    const counts = countsOf(drop(0));
    for (const [k, share] of counts.entries()) expect(share).toBeCloseTo(k === COUNT ? 0.5 + even : even, 2);
  });

  it('drops everything with the given probability, the label by half of the rate otherwise', () => {
    const told = drop(0.4);
    const isNull = (i: number) =>
      told.classLabels[i] === NULL_LABEL && told.attributes.subarray(i * COUNT, (i + 1) * COUNT).every((v) => v === -1);
    const images = Array.from({ length: BATCH }, (_, i) => i);
    // Beside them, the label and all four attributes are dropped with ½ ∫ r⁵ / 2 dr = 1 / 24 of the others.
    expect(images.filter(isNull).length / BATCH).toBeCloseTo(0.4 + 0.6 / 24, 2);
    const labels = images.filter((i) => told.classLabels[i] === NULL_LABEL).length / BATCH;
    expect(labels).toBeCloseTo(0.4 + 0.6 * 0.5 * 0.25, 2);
    expect(countsOf(drop(1))).toEqual([expect.closeTo(1), 0, 0, 0, 0]);
    expect(new Set(drop(1).classLabels)).toEqual(new Set([NULL_LABEL]));
  });

  it('keeps what it keeps, changes nothing in place, and is fixed by seed and stream', () => {
    const told = drop(0.1);
    expect(told.attributes.every((value, i) => value === -1 || value === i % COUNT)).toBe(true);
    expect(known.classLabels.every((label) => label === 3)).toBe(true);
    expect(drop(0.1)).toEqual(told);
    expect(drop(0.1, 2)).not.toEqual(told);
    expect(drop(0.1, 1, 8)).not.toEqual(told);
  });

  it('drops labels alone where there are no attributes', () => {
    const alone = { classLabels: new Int32Array(8), attributes: new Float32Array(0) };
    expect([...dropConditions(alone, 5, 1, 0, 0).classLabels]).toEqual(new Array(8).fill(5));
  });
});
