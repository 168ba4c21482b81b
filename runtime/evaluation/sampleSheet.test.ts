import { memory } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { generate } from '../sampling/generate.ts';
import { createModel } from '../sampling/model.ts';
import { tinyModelFiles } from '../testing/tinyModel.ts';
import { sampleSheet } from './sampleSheet.ts';

describeOnBackends(() => {
  it('shows a row of seeds for each label', async () => {
    const model = createModel(tinyModelFiles({ sizePx: 8 }));
    const before = memory().numTensors;
    const told: string[] = [];
    const options = { numInferenceSteps: 2, guidanceScale: 3 };
    const sheet = await sampleSheet(model, { ...options, columns: 2 }, (label) => void told.push(label));
    expect(sheet).toMatchObject({ width: 16, height: 24, channels: 4 });
    expect(told).toEqual(['elf', 'goblin', 'orc']);
    const [alone] = await generate(model, [{ label: 'goblin', seed: 1 }], options);
    for (let row = 0; row < 8; row++) {
      const start = 4 * ((8 + row) * sheet.width + 8); // second row of tiles, second column
      const expected = alone!.subarray(32 * row, 32 * (row + 1));
      const differences = Array.from(expected, (byte, i) => Math.abs(byte - sheet.pixels[start + i]!));
      expect(Math.max(...differences)).toBeLessThanOrEqual(1);
    }
    expect(memory().numTensors).toBe(before);
    model.dispose();
  });
});
