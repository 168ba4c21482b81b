import { memory } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { toPixels, toPremultiplied } from '../core/pixels.ts';
import { createModel } from '../sampling/model.ts';
import { tinyDataset } from '../testing/tinyDataset.ts';
import { tinyModelFiles } from '../testing/tinyModel.ts';
import { imagesOfDataset } from './imageSet.ts';
import { reconstruct } from './reconstruction.ts';
import { reconstructionSheet } from './reconstructionSheet.ts';

const dataset = tinyDataset();
const indices = Int32Array.of(4, 0, 7, 2);

describeOnBackends(() => {
  it('shows each row of images above what becomes of them, and tells their mean error', async () => {
    const model = createModel(tinyModelFiles({ sizePx: 8 }));
    const before = memory().numTensors;
    const { sheet, l1 } = await reconstructionSheet(dataset, indices, 2, { ...model.vae, circular: false });
    expect(memory().numTensors).toBe(before);
    const expected = await reconstruct(model, imagesOfDataset(dataset, indices));
    expect(sheet).toMatchObject({ width: 16, height: 32, channels: 4 });
    expect(l1).toBeCloseTo(expected.l1, 4);
    const tile = (row: number, column: number) =>
      Array.from({ length: 8 }, (_, y) => {
        const start = 4 * ((8 * row + y) * sheet.width + 8 * column);
        return Array.from(sheet.pixels.subarray(start, start + 32));
      }).flat();
    const original = dataset.images.subarray(7 * 256, 8 * 256);
    expect(tile(2, 0)).toEqual(Array.from(toPixels(toPremultiplied(original, 4), 4)));
    const differences = tile(3, 1).map((byte, i) => Math.abs(byte - expected.pictures[3]![i]!));
    expect(Math.max(...differences)).toBeLessThanOrEqual(1);
    model.dispose();
  });
});
