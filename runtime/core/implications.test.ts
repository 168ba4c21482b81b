import { describe, expect, it } from 'vitest';
import { implied } from './implications.ts';

/** Examples from rows of the label and two or three words. */
function examplesOf(rows: readonly (readonly number[])[]) {
  return {
    labels: Uint8Array.from(rows, ([label]) => label!),
    values: Float32Array.from(rows.flatMap(([, ...values]) => values)),
  };
}

const times = (count: number, ...row: number[]) => Array.from({ length: count }, () => row);

describe('a word', () => {
  it('implies what all of its examples have', () => {
    const examples = examplesOf([...times(20, 0, 0, 0), ...times(20, 0, 1, 1)]);
    expect(implied(examples, 2, [[0, 1]], 1)).toBe(1);
    expect(implied(examples, 2, [[0, 0]], 1)).toBe(0);
    expect(implied(examples, 2, [[1, 0]], 0)).toBe(0);
  });

  it('implies nothing where a single example differs, or none has it', () => {
    const examples = examplesOf([...times(20, 0, 0, 0), ...times(20, 0, 1, 1), [0, 1, 0]]);
    expect(implied(examples, 2, [[0, 1]], 1)).toBeNull();
    expect(implied(examples, 2, [[0, 2]], 1)).toBeNull();
  });

  it('implies nothing by so few examples that chance gives none another value', () => {
    const examples = (count: number) =>
      examplesOf([...times(50, 0, 0, 0), ...times(50, 0, 0, 1), ...times(count, 0, 1, 1)]);
    expect(implied(examples(10), 2, [[0, 1]], 1)).toBeNull(); // of 10, half would differ
    expect(implied(examples(30), 2, [[0, 1]], 1)).toBe(1);
  });

  it('implies nothing that its labels have anyway', () => {
    const examples = examplesOf([...times(40, 0, 0, 0), ...times(40, 1, 1, 1)]); // each label has one word of each
    expect(implied(examples, 2, [[0, 1]], 1)).toBeNull();
  });

  it('implies with another what neither does alone', () => {
    const rows = [
      ...times(20, 0, 0, 0, 1),
      ...times(20, 0, 0, 1, 1),
      ...times(20, 0, 1, 0, 0),
      ...times(20, 0, 1, 1, 1),
    ];
    const examples = examplesOf(rows);
    expect(implied(examples, 3, [[0, 1]], 2)).toBeNull();
    expect(implied(examples, 3, [[1, 0]], 2)).toBeNull();
    const both = [
      [0, 1],
      [1, 0],
    ] as const;
    expect(implied(examples, 3, both, 2)).toBe(0);
  });
});
