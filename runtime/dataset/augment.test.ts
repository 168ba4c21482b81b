import { describe, expect, it } from 'vitest';
import {
  CHANNEL_ORDERS,
  flipHorizontal,
  type ImageShape,
  permuteColours,
  shiftCircular,
  shiftClamped,
} from './augment.ts';

const size = { heightPx: 3, widthPx: 4, channels: 4 };

/** Each value tells its own place: row, column, channel. */
const place = (y: number, x: number, c: number) => y * 100 + x * 10 + c;
const image = Float32Array.from({ length: 48 }, (_, i) => place(Math.floor(i / 16), Math.floor(i / 4) % 4, i % 4));

function run(operation: (image: Float32Array, out: Float32Array, size: ImageShape) => void): Float32Array {
  const source = image.slice();
  const out = new Float32Array(48).fill(Number.NaN);
  operation(source, out, size);
  expect(source).toEqual(image);
  return out;
}

/** The image that has, at every place, the value which `from` names. */
function gather(from: (y: number, x: number, c: number) => [number, number, number]): Float32Array {
  const values: number[] = [];
  for (let y = 0; y < 3; y++) {
    for (let x = 0; x < 4; x++) {
      for (let c = 0; c < 4; c++) values.push(place(...from(y, x, c)));
    }
  }
  return Float32Array.from(values);
}

describe('flipHorizontal', () => {
  it('mirrors columns and leaves channels in order', () => {
    expect(run(flipHorizontal)).toEqual(gather((y, x, c) => [y, 3 - x, c]));
  });
});

describe('shiftClamped', () => {
  it('moves right and down, repeating the border', () => {
    const shifted = run((a, b, s) => shiftClamped(a, b, s, 2, 1));
    expect(shifted).toEqual(gather((y, x, c) => [[0, 0, 1][y]!, [0, 0, 0, 1][x]!, c]));
  });

  it('moves left and up', () => {
    const shifted = run((a, b, s) => shiftClamped(a, b, s, -1, -2));
    expect(shifted).toEqual(gather((_, x, c) => [2, [1, 2, 3, 3][x]!, c]));
  });
});

describe('shiftCircular', () => {
  it.each([
    [1, 2],
    [-1, -2],
    [0, 1],
    [7, -5],
  ])('wraps at the edges, by (%i, %i)', (dx, dy) => {
    const shifted = run((a, b, s) => shiftCircular(a, b, s, dx, dy));
    expect(shifted).toEqual(gather((y, x, c) => [(y - dy + 30) % 3, (x - dx + 40) % 4, c]));
  });
});

describe('permuteColours', () => {
  it('reorders the colours and leaves alpha', () => {
    const permuted = run((a, b, s) => permuteColours(a, b, s, [2, 0, 1]));
    expect(permuted).toEqual(gather((y, x, c) => [y, x, [2, 0, 1, 3][c]!]));
  });

  it('works on RGB', () => {
    const out = new Float32Array(6);
    permuteColours(Float32Array.of(1, 2, 3, 4, 5, 6), out, { heightPx: 1, widthPx: 2, channels: 3 }, [1, 2, 0]);
    expect([...out]).toEqual([2, 3, 1, 5, 6, 4]);
  });

  it('leaves the maps of materials', () => {
    const out = new Float32Array(6);
    permuteColours(Float32Array.of(1, 2, 3, 4, 5, 6), out, { heightPx: 1, widthPx: 1, channels: 6 }, [1, 2, 0]);
    expect([...out]).toEqual([2, 3, 1, 4, 5, 6]);
  });

  it('knows every order but the one that changes nothing', () => {
    const orders = new Set(CHANNEL_ORDERS.map((order) => order.join('')));
    expect(orders.size).toBe(5);
    expect(orders).not.toContain('012');
    for (const order of CHANNEL_ORDERS) expect([...order].sort()).toEqual([0, 1, 2]);
  });
});
