import { describe, expect, it } from 'vitest';
import { AUGMENT_DEFAULTS } from './augment.ts';
import { type BatchIndicesOptions, batchIndices, fillBatch } from './batches.ts';

// 30 images: 20 of class 0, 7 of class 2, 3 of class 3; class 1 has none. The training part leaves out image 29.
const classLabels = Int32Array.from({ length: 30 }, (_, i) => (i < 20 ? 0 : i < 27 ? 2 : 3));
const indices = Int32Array.from({ length: 29 }, (_, i) => 28 - i);

function draw(options: BatchIndicesOptions, numSteps: number, firstStep = 0): number[] {
  const steps = Array.from({ length: numSteps }, (_, i) => firstStep + i);
  return steps.flatMap((step) => [...batchIndices(indices, classLabels, options, step)]);
}

function countBy<T>(values: T[]): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

describe('batchIndices', () => {
  const unbalanced = { batchSize: 8, balanced: false, seed: 3 };
  const balanced = { batchSize: 8, balanced: true, seed: 3 };

  it('shows every image once an epoch, in a new order each time', () => {
    const drawn = draw(unbalanced, 29); // 8 epochs of 29 images
    const epochs = Array.from({ length: 8 }, (_, epoch) => drawn.slice(epoch * 29, (epoch + 1) * 29));
    const ascending = [...indices].sort((a, b) => a - b);
    for (const epoch of epochs) expect([...epoch].sort((a, b) => a - b)).toEqual(ascending);
    expect(new Set(epochs.map(String)).size).toBe(8);
    expect(epochs.map(String)).not.toContain(String(ascending));
  });

  it('draws classes equally often when balanced, and the images of a class equally often', () => {
    const drawn = draw(balanced, 3 * 20 * 7); // 3360 draws, 1120 of each class
    expect(countBy(drawn.map((index) => classLabels[index]))).toEqual(
      new Map([
        [0, 1120],
        [2, 1120],
        [3, 1120],
      ]),
    );
    const counts = countBy(drawn);
    expect(counts.has(29)).toBe(false);
    for (const index of indices) expect(counts.get(index)).toBe(1120 / [20, 0, 7, 2][classLabels[index]!]!);
  });

  it('shows the images of a class once a cycle, in a new order each time and for each class', () => {
    const pair = Int32Array.from({ length: 12 }, (_, i) => i % 2); // two classes of six
    const all = pair.map((_, i) => i);
    const drawn = Array.from({ length: 36 }, (_, step) => [...batchIndices(all, pair, balanced, step)]).flat();
    const cyclesOf = (label: number) => {
      const own = drawn.filter((index) => index % 2 === label).map((index) => (index - label) / 2);
      return Array.from({ length: 24 }, (_, cycle) => own.slice(cycle * 6, cycle * 6 + 6));
    };
    const cycles = [...cyclesOf(0), ...cyclesOf(1)];
    for (const cycle of cycles) expect([...cycle].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(new Set(cycles.map(String)).size).toBeGreaterThan(40); // of 48, drawn from 720 orders
  });

  it('is never out of balance by more than one, however small the batch', () => {
    const classes = draw({ ...balanced, batchSize: 2 }, 50).map((index) => classLabels[index]);
    for (let length = 1; length <= classes.length; length++) {
      const counts = countBy(classes.slice(0, length));
      const each = [0, 2, 3].map((label) => counts.get(label) ?? 0);
      expect(Math.max(...each) - Math.min(...each)).toBeLessThanOrEqual(1);
    }
  });

  it('varies the order of the classes', () => {
    const classes = draw({ ...balanced, batchSize: 3 }, 30).map((index) => classLabels[index]);
    expect(new Set(Array.from({ length: 30 }, (_, i) => String(classes.slice(3 * i, 3 * i + 3)))).size).toBe(6);
  });

  it.each([unbalanced, balanced])('gives a step the same batch whatever was drawn before: %o', (options) => {
    const straight = draw(options, 300);
    const other = { ...options, seed: 4 };
    draw(other, 200); // pushes the kept orders out
    expect(draw(options, 10, 290)).toEqual(straight.slice(290 * 8));
    expect(draw(options, 10)).toEqual(straight.slice(0, 80));
    expect(draw(other, 10)).not.toEqual(straight.slice(0, 80));
  });

  it('keeps on for very many steps', () => {
    expect(batchIndices(indices, classLabels, balanced, 1e9)).toHaveLength(8);
    expect(batchIndices(indices, classLabels, unbalanced, 1e9)).toHaveLength(8);
  });

  it('refuses what it cannot draw', () => {
    expect(() => batchIndices(new Int32Array(0), classLabels, unbalanced, 0)).toThrow(/there are no images/);
    expect(() => batchIndices(indices, classLabels, unbalanced, -1)).toThrow(/step is -1/);
    expect(() => batchIndices(indices, classLabels, { ...unbalanced, batchSize: 0 }, 0)).toThrow(/batchSize is 0/);
    expect(() => batchIndices(Int32Array.of(30), classLabels, balanced, 0)).toThrow(/image 30 has no class/);
  });
});

/** N images of 4×3 RGBA, opaque; red = image, green = column, blue = row, times 20. */
function numbered(numImages: number) {
  const images = new Uint8Array(numImages * 48);
  for (let pixel = 0; pixel < numImages * 12; pixel++) {
    images.set([Math.floor(pixel / 12) * 20, (pixel % 4) * 20, (Math.floor(pixel / 4) % 3) * 20, 255], pixel * 4);
  }
  return { images, widthPx: 4, heightPx: 3, channels: 4 as const };
}

/** The batch as numbers again: for each image, red, green, blue / 20 and alpha of each pixel. */
function fill(dataset: ReturnType<typeof numbered>, chosen: number[], augment: object, seed = 1, step = 0) {
  const out = new Float32Array(chosen.length * 48).fill(Number.NaN);
  fillBatch(dataset, Int32Array.from(chosen), augment, seed, step, out);
  const bytes = Array.from(out, (value, i) => Math.round((value + 1) * 127.5) / (i % 4 === 3 ? 1 : 20));
  return chosen.map((_, slot) =>
    Array.from({ length: 12 }, (_, pixel) => bytes.slice(slot * 48 + pixel * 4, slot * 48 + pixel * 4 + 4)),
  );
}

describe('fillBatch', () => {
  const dataset = numbered(3);

  it('writes the chosen images as they are when nothing is on', () => {
    const batch = fill(dataset, [2, 0, 2], AUGMENT_DEFAULTS);
    const expected = [2, 0, 2].map((red) =>
      Array.from({ length: 12 }, (_, pixel) => [red, pixel % 4, Math.floor(pixel / 4), 255]),
    );
    expect(batch).toEqual(expected);
    const leftOut = { shiftPx: undefined, flip: undefined };
    expect(fill(dataset, [2, 0, 2], leftOut), 'or left out').toEqual(expected);
  });

  it('premultiplies', () => {
    const out = new Float32Array(4);
    const one = { images: Uint8Array.of(255, 255, 0, 51), widthPx: 1, heightPx: 1, channels: 4 as const };
    fillBatch(one, Int32Array.of(0), {}, 0, 0, out);
    [-0.6, -0.6, -1, -0.6].forEach((value, c) => {
      expect(out[c]).toBeCloseTo(value, 6);
    });
  });

  const many = Array.from({ length: 400 }, () => 1);

  it('flips about half of the images', () => {
    const columns = fill(dataset, many, { flip: true }).map((image) => image.slice(0, 4).map((pixel) => pixel[1]));
    const counts = countBy(columns.map(String));
    expect([...counts.keys()].sort()).toEqual(['0,1,2,3', '3,2,1,0']);
    expect(counts.get('3,2,1,0')).toBeGreaterThan(150);
    expect(counts.get('3,2,1,0')).toBeLessThan(250);
  });

  it('shifts by every amount up to shiftPx, in both directions and evenly', () => {
    const corners = fill(dataset, many, { shiftPx: 1 }).map((image) => [image[1]![1]!, image[4]![2]!]);
    const counts = countBy(corners.map(String)); // pixel (0, 1) shows its column, pixel (1, 0) its row
    expect(counts.size).toBe(9);
    for (const count of counts.values()) expect(count).toBeGreaterThan(20);
  });

  it('wraps when circular, by any amount', () => {
    const batch = fill(dataset, many, { circular: true, shiftPx: 1 });
    const counts = countBy(batch.map((image) => String(image[0]!.slice(1, 3))));
    expect(counts.size).toBe(12);
    for (const image of batch) expect(new Set(image.map(String)).size).toBe(12);
  });

  it('swaps colours as often as asked, in each of the five ways', () => {
    // image 0, pixel (2, 1): red 0, green 1, blue 2
    const patterns = fill(
      dataset,
      many.map(() => 0),
      { permuteChannels: 0.5 },
    ).map((image) => image[9]!.join());
    const counts = countBy(patterns);
    expect(counts.get('0,1,2,255')).toBeGreaterThan(150);
    expect(counts.get('0,1,2,255')).toBeLessThan(250);
    expect([...counts.keys()].sort()).toEqual(
      ['012', '021', '102', '120', '201', '210'].map((order) => [...order, 255].join()),
    );
  });

  it('turns colours as often as asked, each time otherwise', () => {
    const jittered = fill(dataset, many, { colourJitter: 0.5 }).map(String);
    const counts = countBy(jittered);
    const numUnchanged = counts.get(String(fill(dataset, [1], {})[0]))!;
    expect(numUnchanged).toBeGreaterThan(150);
    expect(numUnchanged).toBeLessThan(250);
    expect(counts.size).toBeGreaterThan(100);
  });

  it('takes squares from everywhere, each place as often, and after all else', () => {
    const out = new Float32Array(many.length * 16);
    const corners = (augment: object) => {
      fillBatch(dataset, Int32Array.from(many), { cropPx: 2, ...augment }, 1, 0, out);
      return countBy(many.map((_, i) => String([...out.subarray(i * 16 + 1, i * 16 + 3)])));
    };
    const counts = corners({});
    expect(counts.size).toBe(6); // three columns and two rows
    for (const count of counts.values()) expect(count).toBeGreaterThan(40);
    expect(corners({ circular: true }).size).toBe(12);
  });

  it('is fixed by seed and step', () => {
    const augment = { flip: true, circular: true, permuteChannels: 0.5, colourJitter: 0.5 };
    const first = fill(dataset, many, augment, 5, 9);
    expect(fill(dataset, many, augment, 5, 9)).toEqual(first);
    expect(fill(dataset, many, augment, 5, 10)).not.toEqual(first);
    expect(fill(dataset, many, augment, 6, 9)).not.toEqual(first);
  });

  it('refuses what does not fit', () => {
    const out = new Float32Array(48);
    expect(() => fillBatch(dataset, Int32Array.of(3), {}, 0, 0, out)).toThrow(
      /image 3 does not exist; expected 0 to 2/,
    );
    expect(() => fillBatch(dataset, Int32Array.of(0, 1), {}, 0, 0, out)).toThrow(
      /out has 48 values; expected 2 images/,
    );
    expect(() => fillBatch(dataset, Int32Array.of(0), { shiftPx: 3 }, 0, 0, out)).toThrow(/shiftPx is 3; expected/);
    expect(() => fillBatch(dataset, Int32Array.of(0), { permuteChannels: 2 }, 0, 0, out)).toThrow(
      /permuteChannels is 2/,
    );
    expect(() => fillBatch(dataset, Int32Array.of(0), { colourJitter: -1 }, 0, 0, out)).toThrow(/colourJitter is -1/);
    expect(() => fillBatch(dataset, Int32Array.of(0), { cropPx: 4 }, 0, 0, out)).toThrow(/cropPx is 4; expected/);
    expect(() => fillBatch(dataset, Int32Array.of(0), { cropPx: 2 }, 0, 0, out)).toThrow(/expected 1 images of 16/);
    expect(() => fillBatch(dataset, Int32Array.of(0), { flip: true }, 0, 0.5, out)).toThrow(/step is 0.5/);
  });
});
