import { memory } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { createConditionalVae, generateAtOnce } from '../sampling/conditionalVae.ts';
import { tinyDataset } from '../testing/tinyDataset.ts';
import { tinyModelFiles } from '../testing/tinyModel.ts';
import { cvaeReconstructionSheet, cvaeSheet } from './cvaeSheet.ts';

const dataset = tinyDataset({ widthPx: 16, heightPx: 16 });
const files = tinyModelFiles({ cvae: true, labels: dataset.labels });

describeOnBackends(() => {
  it('shows a row of pictures for each label', async () => {
    const cvae = createConditionalVae(files);
    const before = memory().numTensors;
    const sheet = await cvaeSheet(cvae, dataset, 4);
    expect(memory().numTensors).toBe(before);
    expect(sheet).toMatchObject({ width: 64, height: 48, channels: 4 });
    const [picture] = await generateAtOnce(cvae, [{ label: dataset.labels[2]!, seed: 3 }]);
    const rows = Array.from({ length: 16 }, (_, y) => {
      const start = 4 * ((32 + y) * 64 + 48);
      return Array.from(sheet.pixels.subarray(start, start + 64));
    });
    const differences = rows.flat().map((byte, i) => Math.abs(byte - picture![i]!));
    expect(Math.max(...differences)).toBeLessThanOrEqual(1);
    cvae.dispose();
  });

  it('shows images above what becomes of them, each with its own label', async () => {
    const cvae = createConditionalVae(files);
    const before = memory().numTensors;
    const { sheet, l1 } = await cvaeReconstructionSheet(cvae, dataset, Int32Array.of(4, 0), 2);
    const alone = await cvaeReconstructionSheet(cvae, dataset, Int32Array.of(0), 1);
    expect(memory().numTensors).toBe(before);
    expect(sheet).toMatchObject({ width: 32, height: 32 });
    const right = Array.from({ length: 32 }, (_, y) =>
      Array.from(sheet.pixels.subarray(4 * (32 * y + 16), 4 * (32 * y + 32))),
    ).flat();
    const differences = right.map((byte, i) => Math.abs(byte - alone.sheet.pixels[i]!));
    expect(Math.max(...differences)).toBeLessThanOrEqual(1);
    expect(l1).toBeGreaterThan(0.01);
    cvae.dispose();
  });
});
