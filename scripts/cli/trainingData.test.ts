import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { splitHeldOut } from '../../runtime/index.ts';
import { tinyAttributes, tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { writeDataset } from '../node/writeDataset.ts';
import { readTrainingData } from './trainingData.ts';

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-data-'));
  const drawn = { attribution: 'drawn by formula' };
  const shapes = { ...tinyDataset({ perClass: 10, widthPx: 16, heightPx: 16 }), ...drawn };
  await writeDataset(join(dir, 'data'), shapes, 'shapes');
  const known = { ...shapes, attributes: tinyAttributes({ perClass: 10 }) };
  await writeDataset(join(dir, 'known'), known, 'shapes of which something is known');
  await writeDataset(join(dir, 'extra'), { ...tinyDataset({ perClass: 4, seed: 2 }), ...drawn }, 'more shapes');
});

afterAll(() => rm(dir, { recursive: true }));

const read = (options: object) => readTrainingData({ data: join(dir, 'data'), heldOut: 0.2, seed: 3, ...options });

it('holds out the same images whether there are extra data or not, and none of those', async () => {
  const plain = await read({ shrink: 2, labels: ['disc', 'ramp'] });
  expect(plain.dataset).toMatchObject({ widthPx: 8, labels: ['disc', 'ramp'] });
  expect(plain.split).toEqual(splitHeldOut(plain.dataset, 0.2, 3));
  const { dataset, split } = await read({ shrink: 2, labels: ['disc', 'ramp'], extraData: [join(dir, 'extra')] });
  expect(split.heldOut).toEqual(plain.split.heldOut);
  expect(split.train.subarray(0, 16)).toEqual(plain.split.train);
  expect([...split.train.subarray(16)]).toEqual([20, 21, 22, 23, 24, 25, 26, 27]);
  expect(dataset.classLabels).toHaveLength(28);
  const large = await read({ shrink: 2, extraData: [join(dir, 'data'), join(dir, 'extra')] });
  expect(large.dataset).toMatchObject({ widthPx: 8, classLabels: { length: 72 } });
  expect(large.split.train.slice(-42)).toEqual(Int32Array.from({ length: 42 }, (_, i) => 30 + i));
});

it('holds out the same images at another seed of the training, where the split has its own', async () => {
  const { split } = await read({});
  expect((await read({ seed: 4, splitSeed: 3 })).split).toEqual(split);
  expect((await read({ seed: 4 })).split).not.toEqual(split);
});

it('holds out whole combinations, also of the extra data', async () => {
  const options = { data: join(dir, 'known'), heldOut: 0.3, holdOutBy: ['tone'], labels: ['disc', 'ramp'] };
  const { dataset, split } = await read({ ...options, extraData: [join(dir, 'known')] });
  const tones = dataset.attributes![0]!.data;
  expect(split.heldOut.length).toBeGreaterThan(0);
  expect(Math.max(...split.heldOut)).toBeLessThan(20);
  const hidden = new Set(Array.from(split.heldOut, (image) => tones[image]));
  expect(split.train.some((image) => image >= 20)).toBe(true);
  expect(split.train.some((image) => hidden.has(tones[image]))).toBe(false);
  expect(split.train).toHaveLength(40 - 2 * split.heldOut.length);
  await expect(read({ ...options, holdOutBy: ['tune'] })).rejects.toThrow(
    /^--hold-out-by: attribute "tune" is unknown; did you mean "tone"/,
  );
});

it('says which option is wrong', async () => {
  await expect(read({ extraData: [join(dir, 'data'), join(dir, 'extra')] })).rejects.toThrow(
    /--extra-data: append: .*8x8 px/,
  );
  await expect(read({ labels: ['cat'] })).rejects.toThrow(/the data lack cat/);
  await expect(read({ shrink: 3 })).rejects.toThrow(/shrink: factor is 3/);
});
