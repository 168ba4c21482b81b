import { memory, mul, onesLike, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import type { Attributes } from '../core/attributes.ts';
import { toPixels, toPremultiplied } from '../core/pixels.ts';
import { runToEnd } from '../core/slices.ts';
import { attributesOf, vocabularyOf } from '../dataset/attributeColumns.ts';
import { createConditionalVae, cvaeImagesInSlices } from '../sampling/conditionalVae.ts';
import { generate } from '../sampling/generate.ts';
import { createModel } from '../sampling/model.ts';
import { tinyAttributes, tinyDataset } from '../testing/tinyDataset.ts';
import { tinyModelFiles } from '../testing/tinyModel.ts';
import { imagesOfDataset } from './imageSet.ts';
import { reconstruct } from './reconstruction.ts';
import {
  cvaeReconstructionSheet,
  cvaeSheet,
  reconstructionSheet,
  SAMPLE_SHEET_DEFAULTS,
  sampleSheet,
} from './sheets.ts';

const dataset = tinyDataset();
const larger = tinyDataset({ widthPx: 16, heightPx: 16 });
const files = tinyModelFiles({ cvae: true, labels: larger.labels });
const indices = Int32Array.of(4, 0, 7, 2);

describeOnBackends(() => {
  it('shows each row of images above what becomes of them, and tells their mean error', async () => {
    const model = createModel(tinyModelFiles({ sizePx: 8 }));
    const before = memory().numTensors;
    const { sheet, l1 } = await reconstructionSheet(dataset, indices, 2, { ...model.vae!, circular: false });
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
    const differences = tile(3, 1).map((byte, i) => Math.abs(byte - expected.pictures[3]!.pixels[i]!));
    expect(Math.max(...differences)).toBeLessThanOrEqual(1);
    model.dispose();
  });

  it('shows a row of pictures for each label', async () => {
    const cvae = createConditionalVae(files);
    const before = memory().numTensors;
    const sheet = await cvaeSheet(cvae, larger, 4);
    expect(memory().numTensors).toBe(before);
    expect(sheet).toMatchObject({ width: 64, height: 48, channels: 4 });
    const [picture] = await generate({ cvae }, [{ label: larger.labels[2]!, seed: 3 }], { pipeline: 'cvae' });
    const rows = Array.from({ length: 16 }, (_, y) => {
      const start = 4 * ((32 + y) * 64 + 48);
      return Array.from(sheet.pixels.subarray(start, start + 64));
    });
    const differences = rows.flat().map((byte, i) => Math.abs(byte - picture![i]!));
    expect(Math.max(...differences)).toBeLessThanOrEqual(1);
    cvae.dispose();
  });

  it('tells a network that knows attributes what the data know of images of each label', async () => {
    const attributes = tinyAttributes();
    const told = { ...larger, attributes };
    const known = { labels: told.labels, attributes: vocabularyOf(attributes) };
    const cvae = createConditionalVae(tinyModelFiles({ cvae: true, ...known }));
    const sheet = await cvaeSheet(cvae, told, 8);
    const own = [...told.classLabels.keys()].filter((image) => told.classLabels[image] === 1);
    const madeOf = async (seed: number, asked: Attributes) => {
      const request = { label: told.labels[1]!, seed, attributes: asked };
      const images = runToEnd(cvaeImagesInSlices(cvae, known, [request]));
      const pixels = toPixels((await images.data()) as Float32Array, 4);
      images.dispose();
      return pixels;
    };
    const wordsOf = (column: number) => attributesOf(attributes, own[column % own.length]!);
    for (const column of [0, 2, 7]) {
      const tile = Array.from({ length: 16 }, (_, y) => {
        const start = 4 * ((16 + y) * sheet.width + 16 * column);
        return Array.from(sheet.pixels.subarray(start, start + 64));
      }).flat();
      const made = await madeOf(column, wordsOf(column));
      expect(Math.max(...tile.map((byte, i) => Math.abs(byte - made[i]!)))).toBeLessThanOrEqual(1);
      expect(await madeOf(column, {})).not.toEqual(made);
    }
    cvae.dispose();
  });

  it('shows what a network in training makes now, not what it made at the last look', async () => {
    const cvae = createConditionalVae(files);
    const first = await cvaeSheet(cvae, larger, 2);
    const name = 'decoder.conv_out.bias';
    const bias = cvae.weights[name]!;
    (cvae.weights as Record<string, Tensor>)[name] = tidy(() => mul(onesLike(bias), 0.5));
    bias.dispose();
    const second = await cvaeSheet(cvae, larger, 2);
    const fresh = await cvaeSheet({ config: cvae.config, weights: { ...cvae.weights } }, larger, 2);
    expect(second.pixels).toEqual(fresh.pixels);
    expect(second.pixels).not.toEqual(first.pixels);
    cvae.dispose();
  });

  it('shows images above what becomes of them, each with its own label', async () => {
    const cvae = createConditionalVae(files);
    const before = memory().numTensors;
    const { sheet, l1 } = await cvaeReconstructionSheet(cvae, larger, Int32Array.of(4, 0), 2);
    const alone = await cvaeReconstructionSheet(cvae, larger, Int32Array.of(0), 1);
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

  it('shows a row of seeds for each label', async () => {
    const model = createModel(tinyModelFiles({ sizePx: 8 }));
    const before = memory().numTensors;
    const told: string[] = [];
    const options = { numInferenceSteps: 2, guidanceScale: 3 };
    const sheet = await sampleSheet(model, { ...options, columns: 2 }, (label) => void told.push(label));
    expect(sheet).toMatchObject({ width: 16, height: 24, channels: 4 });
    expect(told).toEqual(['elf', 'goblin', 'orc']);
    const usual = await sampleSheet(model, { numInferenceSteps: 1, guidanceScale: 1, columns: undefined });
    expect(usual.width).toBe(8 * SAMPLE_SHEET_DEFAULTS.columns);
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
}, ['wasm']);
