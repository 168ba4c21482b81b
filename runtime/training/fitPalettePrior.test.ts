import { describe, expect, it } from 'vitest';
import { ANY } from '../core/attributes.ts';
import { LOGIT_STEP, paletteRows } from '../core/palettePrior.ts';
import { vocabularyOf } from '../dataset/attributeColumns.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { tinyAttributes, tinyDataset } from '../testing/tinyDataset.ts';
import { fitPalettePrior } from './fitPalettePrior.ts';

const [BLACK, RED, GREEN] = [0x000000, 0xff0000, 0x00ff00];

/**
 * Pictures of two pixels, the second of which is transparent in every other one: those of black hair are black in two of four,
 * those of red hair red in three of four, and green otherwise.
 */
function hairDataset(): Dataset {
  const colours = [BLACK, BLACK, GREEN, GREEN, RED, RED, RED, GREEN];
  const images = Uint8Array.from(
    colours.flatMap((colour, i) => {
      const bytes = [colour >> 16, (colour >> 8) & 255, colour & 255];
      return [...bytes, 255, ...(i % 2 === 0 ? [...bytes, 255] : [9, 9, 9, 0])];
    }),
  );
  const data = Int16Array.from(colours, (_, i) => Math.floor(i / 4));
  return {
    ...tinyDataset(),
    widthPx: 2,
    heightPx: 1,
    labels: ['elf'],
    images,
    classLabels: new Int32Array(8),
    attributes: [{ name: 'hair', values: ['black', 'red'], data }],
  };
}

const everyImage = ({ classLabels }: Dataset) => Int32Array.from(classLabels.keys());

describe('fitPalettePrior', () => {
  it('finds how often the pictures of each word have each colour', async () => {
    const dataset = hairDataset();
    const palette = await fitPalettePrior(dataset, everyImage(dataset), {
      numEpochs: 3000,
      weightDecay: 0,
      openProb: 0,
      deviation: 0.02,
      sure: 0.5,
    });
    expect([palette.deviation, palette.sure, palette.isCut]).toEqual([0.02, 0.5, true]);
    expect([...palette.colours]).toEqual([255, 0, 0, 0, 255, 0, 0, 0, 0]); // the most frequent first
    const shares = (hair: number) => {
      const rows = paletteRows(1, vocabularyOf(dataset.attributes), { classLabel: 0, attributes: [hair] });
      const logit = (i: number) => rows.reduce((sum, [row]) => sum + LOGIT_STEP * palette.logits[3 * row + i]!, 0);
      return [0, 1, 2].map((i) => 1 / (1 + Math.exp(-logit(i))));
    };
    for (const [hair, expected] of [
      [0, 0.5, 0.5],
      [0.75, 0.25, 0],
    ].entries())
      for (const [i, share] of shares(hair).entries()) expect(Math.abs(share - expected[i]!)).toBeLessThan(0.02);
  });

  it('learns what pictures of any hair have where some attributes are left out', async () => {
    const dataset = hairDataset();
    const palette = await fitPalettePrior(dataset, everyImage(dataset), {
      numEpochs: 3000,
      weightDecay: 0,
      openProb: 0.9,
    });
    const rows = paletteRows(1, vocabularyOf(dataset.attributes), { classLabel: 0, attributes: [ANY] });
    const green = rows.reduce((sum, [row]) => sum + LOGIT_STEP * palette.logits[3 * row + 1]!, 0);
    expect(Math.abs(1 / (1 + Math.exp(-green)) - 3 / 8)).toBeLessThan(0.05);
  });

  it('is not cut where a pixel is half transparent, or where none may be', async () => {
    const dataset = hairDataset();
    const soft = { ...dataset, images: dataset.images.map((value, i) => (i === 3 ? 254 : value)) };
    const images = dataset.images.subarray(0, 24);
    const opaque = {
      ...dataset,
      channels: 3 as const,
      widthPx: 8,
      images,
      classLabels: new Int32Array(1),
      attributes: undefined,
    };
    for (const other of [soft, opaque]) {
      const { isCut } = await fitPalettePrior(other, everyImage(other), { numEpochs: 1 });
      expect(isCut).toBeUndefined();
    }
  });

  it('is the same of the same seed, and takes numbers and attributes that are not known', async () => {
    const dataset = { ...tinyDataset(), attributes: tinyAttributes() };
    const options = { numEpochs: 2, seed: 4 };
    const [first, again, other] = [
      await fitPalettePrior(dataset, everyImage(dataset), options),
      await fitPalettePrior(dataset, everyImage(dataset), options),
      await fitPalettePrior(dataset, everyImage(dataset), { ...options, seed: 5 }),
    ];
    expect(again).toEqual(first);
    const open = { ...options, weightDecay: undefined, openProb: undefined };
    expect(await fitPalettePrior(dataset, everyImage(dataset), open)).toEqual(first);
    expect(other.logits).not.toEqual(first.logits);
  });

  it('refuses pictures that show nothing', async () => {
    const shown = hairDataset();
    const clear = { ...shown, images: new Uint8Array(shown.images.length) };
    await expect(fitPalettePrior(clear, everyImage(clear))).rejects.toThrow('every pixel of the images is clear');
  });

  it('refuses pictures of many colours, and ends for its signal', async () => {
    const smooth = tinyDataset({ perClass: 600 });
    await expect(fitPalettePrior(smooth, everyImage(smooth))).rejects.toThrow(
      /more than 1024 colours; expected pixel art/,
    );
    const dataset = hairDataset();
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(fitPalettePrior(dataset, everyImage(dataset), { signal })).rejects.toThrow('enough');
  });
});
