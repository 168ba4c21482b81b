import { describe, expect, it } from 'vitest';
import { CHANCE_STEP, ChanceTable, chanceOf, NEVER } from '../core/palettePlaces.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { tinyDataset } from '../testing/tinyDataset.ts';
import { fitPalettePlaces } from './fitPalettePlaces.ts';

const [SKIN, BLUE, GREEN, COAT] = [0, 1, 2, 3];
const COLOURS = Uint8Array.of(200, 150, 120, 0, 0, 255, 0, 255, 0, 90, 60, 30);

/** Rows of four pixels, by the places of their colours; −1 is transparent. */
function datasetOf(rows: number[][], options: Partial<Dataset> = {}): Dataset {
  const pixels = rows
    .flat()
    .flatMap((place) => (place < 0 ? [9, 9, 9, 0] : [...COLOURS.subarray(3 * place, 3 * place + 3), 255]));
  const classLabels = new Int32Array(rows.length);
  return {
    ...tinyDataset(),
    widthPx: 4,
    heightPx: 1,
    labels: ['elf'],
    images: Uint8Array.from(pixels),
    classLabels,
    ...options,
  };
}

const everyImage = ({ classLabels }: Dataset) => Int32Array.from(classLabels.keys());

/** The chance of each colour at each pixel, as pictures are given it. */
async function chancesOf(dataset: Dataset, numParts: number, numRounds = 400): Promise<number[][]> {
  const places = await fitPalettePlaces(dataset, everyImage(dataset), { colours: COLOURS }, { numParts, numRounds });
  const table = new ChanceTable(places, 4);
  return Array.from({ length: places.parts.length / numParts }, (_, cell) => {
    const { colours, bytes } = table.likelyAt(cell);
    return [0, 1, 2, 3].map((colour) => chanceOf(bytes[colours.indexOf(colour)] ?? NEVER));
  });
}

/** As near as two bytes of logarithms are. */
const near = (chance: number) => expect.closeTo(chance, -Math.log10(2 * chance * CHANCE_STEP));

describe('fitPalettePlaces', () => {
  it('finds how often each colour is at each pixel of the pictures that have it', async () => {
    const rows = [
      [SKIN, BLUE, COAT, COAT],
      [SKIN, BLUE, SKIN, COAT],
      [SKIN, GREEN, COAT, -1],
      [SKIN, GREEN, COAT, COAT],
    ];
    const chances = await chancesOf(datasetOf(rows), 4);
    for (const [pixel, expected] of [
      [1, 0, 0, 0],
      [0, 1, 1, 0],
      [1 / 4, 0, 0, 3 / 4],
      [0, 0, 0, 3 / 4],
    ].entries())
      for (const [colour, chance] of expected.entries()) {
        const found = chances[pixel]![colour]!;
        if (chance === 0) expect(found, `${pixel} ${colour}`).toBeLessThan(1e-3);
        else expect(Math.abs(Math.log(found / chance)), `${pixel} ${colour}`).toBeLessThan(0.5 + 2 * CHANCE_STEP); // parts are rough
      }
  });

  it('lets colours of the same part share it, so that a few parts say all', async () => {
    const rows = [BLUE, GREEN].flatMap((iris) => [
      [SKIN, iris, COAT, COAT],
      [SKIN, iris, COAT, COAT],
    ]);
    const places = await fitPalettePlaces(
      datasetOf(rows),
      Int32Array.of(0, 1, 2, 3),
      { colours: COLOURS },
      { numParts: 3 },
    );
    expect([places.parts.length, places.shares.length]).toEqual([4 * 3, 4 * 3]);
    const ofIris = [...places.parts.subarray(3, 6)].indexOf(0);
    const irises = [BLUE, GREEN].map((colour) => chanceOf(places.shares[3 * colour + ofIris]!));
    for (const share of irises) expect(Math.abs(share - 1)).toBeLessThan(0.1);
    expect(chanceOf(places.shares[3 * SKIN + ofIris]!)).toBeLessThan(1e-3);
  });

  it('takes frames that look the same way together, and others apart', async () => {
    const frames = ['down', 'down', 'left'].map((direction, i) => ({
      direction,
      action: 'walk',
      index: i % 2,
      durationMs: 100,
    }));
    const rows = [
      [SKIN, BLUE, -1, -1],
      [SKIN, SKIN, -1, -1],
      [COAT, COAT, -1, -1],
    ];
    const dataset = datasetOf(rows, { frames, classLabels: new Int32Array(1) });
    const chances = await chancesOf(dataset, 4);
    expect(chances).toHaveLength(8); // two views
    expect(chances[0]).toEqual([near(1), 0, 0, 0]);
    expect(chances[1]).toEqual([near(0.5), near(0.5), 0, 0]);
    expect(chances[4]).toEqual([0, 0, 0, near(1)]);
  });

  it('is the same of the same seed, knows nothing of pictures it was not given, and ends for its signal', async () => {
    const dataset = datasetOf([
      [SKIN, BLUE, COAT, COAT],
      [GREEN, GREEN, GREEN, GREEN],
    ]);
    const fitted = (indices: number[], options = {}) =>
      fitPalettePlaces(
        dataset,
        Int32Array.from(indices),
        { colours: COLOURS },
        { numParts: 2, numRounds: 3, ...options },
      );
    expect(await fitted([0, 1])).toEqual(await fitted([0, 1], { seed: undefined }));
    expect(await fitted([0, 1], { seed: 1 })).not.toEqual(await fitted([0, 1]));
    const { shares } = await fitted([0]);
    expect([...shares.subarray(2 * GREEN, 2 * GREEN + 2)]).toEqual([NEVER, NEVER]);
    const told: number[] = [];
    await fitted([0], { onProgress: (share: number) => void told.push(share) });
    expect(told).toEqual([1 / 3, 2 / 3, 1]);
    await expect(fitted([0], { numParts: 33 })).rejects.toThrow('33 parts of 4 pixels; expected 1 to 32');
    await expect(fitted([0], { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });
});
