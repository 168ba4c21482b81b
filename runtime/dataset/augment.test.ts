import { describe, expect, it } from 'vitest';
import { normals } from '../core/random.ts';
import { expectClose } from '../testing/matchers.ts';
import {
  CHANNEL_ORDERS,
  crop,
  croppedShape,
  flipHorizontal,
  type ImageShape,
  permuteColours,
  shiftCircular,
  shiftClamped,
  turnColours,
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

describe('turnColours', () => {
  const NOTHING = { angle: 0, strength: 1, tint: [0, 0] } as const;
  const noise = (channels: number) => normals(3, 0, 12 * channels).map((value) => 0.05 * value);
  const turnOf = (source: Float32Array, channels: number, turn: Partial<Parameters<typeof turnColours>[3]>) => {
    const out = new Float32Array(source.length).fill(Number.NaN);
    turnColours(source, out, { ...size, channels }, { ...NOTHING, ...turn });
    return out;
  };
  /** Luma, blue and red of each pixel in the form YCbCr, by its matrix in ITU-R BT.601. */
  const ycbcr = (values: Float32Array, channels: number) =>
    Array.from({ length: values.length / channels }, (_, i) => {
      const [r, g, b] = values.subarray(i * channels);
      return [
        0.299 * r! + 0.587 * g! + 0.114 * b!,
        (-0.168736 * r! - 0.331264 * g! + 0.5 * b!) * 1.772,
        (0.5 * r! - 0.418688 * g! - 0.081312 * b!) * 1.402,
      ] as const;
    });

  it.each([3, 6])('turns the colours of %i channels around grey, and their luma stays', (channels) => {
    const [before, turn] = [noise(channels), { angle: 1.1, strength: 2.5, tint: [0.05, -0.02] as const }];
    const expected = ycbcr(before, channels).map(([luma, blue, red]) => {
      const turned = [blue * Math.cos(1.1) - red * Math.sin(1.1), blue * Math.sin(1.1) + red * Math.cos(1.1)];
      return [luma, 2.5 * turned[0]! + 0.1, 2.5 * turned[1]! - 0.04];
    });
    const after = turnOf(before, channels, turn);
    expectClose(ycbcr(after, channels).flat(), expected.flat(), { absolute: 2e-6 });
    for (let i = 3; i < channels; i++) expect(after[i]).toBe(before[i]);
  });

  it('leaves grey as it is, and everything when nothing is turned', () => {
    expectClose(turnOf(noise(3), 3, {}), noise(3), { absolute: 1e-7 });
    const grey = noise(4).map((_, i, all) => all[i - (i % 4)]! - (i % 4 === 3 ? 0 : 0.2));
    expectClose(turnOf(grey, 4, { angle: 2, strength: 4 }), grey, { absolute: 1e-6 });
  });

  it('keeps premultiplied colours from −1 to alpha, and transparency without colour', () => {
    const clear = Float32Array.of(-1, -1, -1, -1, 0.4, -0.9, -0.2, 0.5);
    const turned = turnOf(clear, 4, { strength: 4, tint: [0.25, 0.25] });
    expect([...turned.subarray(0, 4)]).toEqual([-1, -1, -1, -1]);
    expect([...turned.subarray(4)]).toEqual([0.5, -1, 0.5, 0.5]);
  });
});

describe('crop', () => {
  it('takes the part at its place', () => {
    const out = new Float32Array(16);
    crop(image, out, size, { heightPx: 2, widthPx: 2 }, 1, 1);
    expect([...out]).toEqual([1, 2].flatMap((y) => [1, 2].flatMap((x) => [0, 1, 2, 3].map((c) => place(y, x, c)))));
  });

  it('has the shape that is told', () => {
    expect(croppedShape(size, { cropPx: 2 })).toEqual({ heightPx: 2, widthPx: 2, channels: 4 });
    expect(croppedShape(size, {})).toEqual(size);
  });
});
