import { memory } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { attributesOf, vocabularyOf } from '../dataset/attributeColumns.ts';
import { generate } from '../sampling/generate.ts';
import { tinyAttributes, tinyDataset } from '../testing/tinyDataset.ts';
import { withModel } from '../testing/tinyModel.ts';
import { ATTRIBUTE_SHEET_DEFAULTS, attributeSheet, drawExamples } from './attributeSheet.ts';

const dataset = { ...tinyDataset({ widthPx: 16, heightPx: 16 }), attributes: tinyAttributes() };
const SIZE = 16 * 16 * 4;

describe('drawExamples', () => {
  it('takes some of each class, with what is known of them', () => {
    const indices = Int32Array.of(0, 1, 3, 6, 9, 12);
    const examples = drawExamples(dataset, indices, 2);
    expect(examples.map(({ label }) => label)).toEqual(['stripes', 'stripes', 'disc']);
    expect(examples.map(({ attributes }) => attributes)).toEqual(
      [0, 6, 1].map((image) => attributesOf(dataset.attributes, image)),
    );
    expect(examples[1]!.pixels).toEqual(dataset.images.subarray(6 * SIZE, 7 * SIZE));
    expect(drawExamples(dataset, indices, 0)).toEqual([]);
  });
});

describe('attributeSheet', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'wasm' });
  });

  it('shows pictures of the label alone, then examples beside what is made for the same attributes', async () => {
    const model = { labels: dataset.labels, attributes: vocabularyOf(dataset.attributes) };
    await withModel(async (network) => {
      const examples = drawExamples(dataset, Int32Array.of(0, 1, 3), 2); // two of the first label, one of the second
      const options = { numPlain: 1, numCopies: 2, numInferenceSteps: 2, guidanceScale: 3 };
      const seen: string[] = [];
      const before = memory().numTensors;
      const sheet = await attributeSheet(network, examples, options, (label) => void seen.push(label));
      expect(memory().numTensors).toBe(before);
      expect(seen).toEqual(dataset.labels);
      expect(sheet).toMatchObject({ width: 16 * (1 + 2 * 3), height: 3 * 16, channels: 4 });
      const few = { numPlain: 1, numCopies: undefined, numInferenceSteps: 1, guidanceScale: 1 };
      const usual = await attributeSheet(network, examples, few);
      expect(usual.width).toBe(16 * (1 + 2 * (1 + ATTRIBUTE_SHEET_DEFAULTS.numCopies)));
      const tile = (row: number, column: number) =>
        Array.from({ length: 16 }, (_, y) => {
          const start = 4 * ((16 * row + y) * sheet.width + 16 * column);
          return Array.from(sheet.pixels.subarray(start, start + 64));
        }).flat();
      const [first, second] = examples;
      expect(tile(0, 4)).toEqual(Array.from(second!.pixels));
      const sampling = { numInferenceSteps: 2, guidanceScale: 3 };
      const ask = (label: string, seed: number, attributes = {}) =>
        generate(network, [{ label, seed, attributes }], sampling);
      const [plain] = await ask('stripes', 0);
      const [copy] = await ask('stripes', 1, first!.attributes);
      expectNear(tile(0, 0), plain!);
      expectNear(tile(0, 3), copy!);
      expect(new Set(tile(2, 1))).toEqual(new Set([0])); // no example of the third label
    }, model);
  });
});

/** Pictures computed in other batches may round otherwise. */
function expectNear(actual: number[], expected: Uint8Array): void {
  expect(Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThanOrEqual(1);
}
