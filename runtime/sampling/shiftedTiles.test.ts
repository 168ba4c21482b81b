import { memory, mul, type Tensor4D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { draw, toTensor } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { runToEnd } from '../core/slices.ts';
import { rollValues } from '../testing/roll.ts';
import { type TiledPrediction, tileShift, withShiftedTiles } from './shiftedTiles.ts';

const SHAPE = [2, 8, 12, 3];

/** Doubles what it sees, in two slices, and tells what that was. */
function doubling(seen: number[][] = []): TiledPrediction['predict'] {
  return function* (x) {
    seen.push([...x.dataSync()]);
    yield;
    return mul(x, 2);
  };
}

describe('tileShift', () => {
  it.each([1, 2, 4])('begins evenly at all multiples of %i within a tile', (unit) => {
    const numTurns = 64;
    const shifts = Array.from({ length: numTurns }, (_, turn) => tileShift([8, 16], unit, turn));
    for (const [axis, size] of [
      [0, 8],
      [1, 16],
    ] as const) {
      const numPlaces = size / unit;
      const counts = Array.from({ length: numPlaces }, (_, i) => shifts.filter((s) => s[axis] === i * unit).length);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(numTurns);
      for (const count of counts) expect(Math.abs(count - numTurns / numPlaces)).toBeLessThanOrEqual(2);
    }
  });

  it('does not stay where it is for two turns', () => {
    const shifts = Array.from({ length: 50 }, (_, turn) => tileShift([16, 16], 2, turn).join());
    for (let i = 1; i < shifts.length; i++) expect(shifts[i]).not.toBe(shifts[i - 1]);
  });
});

describe('withShiftedTiles', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'cpu' });
  });

  it('shows the network the picture shifted, and gives its output where the picture was', () => {
    const x = draw(2, SHAPE);
    const input = toTensor<Tensor4D>(x);
    const seen: number[][] = [];
    for (const turn of [0, 1]) {
      const settings = { tiles: [2, 3], unit: 2, turn, predict: doubling(seen) } as const;
      const output = runToEnd(withShiftedTiles(input, settings));
      expect([...output.dataSync()]).toEqual([...x.values].map((value) => 2 * value));
      expect(seen[turn]).toEqual([...rollValues(x, ...tileShift([4, 4], 2, turn)).values]);
      output.dispose();
    }
    expect(seen[0]).not.toEqual(seen[1]);
    input.dispose();
  });

  it('leaves one tile as it is', () => {
    const input = toTensor<Tensor4D>(draw(3, SHAPE));
    const seen: number[][] = [];
    runToEnd(withShiftedTiles(input, { tiles: [1, 1], unit: 2, turn: 5, predict: doubling(seen) })).dispose();
    expect(seen).toEqual([[...input.dataSync()]]);
    input.dispose();
  });

  it('leaves nothing behind when it is given up or fails', () => {
    const input = toTensor<Tensor4D>(draw(4, SHAPE));
    const { numTensors } = memory();
    const settings = { tiles: [2, 1], unit: 2, turn: 0 } as const;
    const givenUp = withShiftedTiles(input, { ...settings, predict: doubling() });
    givenUp.next();
    givenUp.return(undefined as never);
    const failing = withShiftedTiles(input, {
      ...settings,
      predict: () => {
        throw new Error('no weights');
      },
    });
    expect(() => failing.next()).toThrow('no weights');
    expect(memory().numTensors).toBe(numTensors);
    runToEnd(withShiftedTiles(input, { ...settings, predict: doubling() })).dispose();
    expect(memory().numTensors).toBe(numTensors);
    input.dispose();
  });
});
