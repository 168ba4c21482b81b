import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseFrames } from '../../runtime/core/frames.ts';
import type { Dataset } from '../../runtime/dataset/dataset.ts';
import { decodePng } from './png.ts';
import { readDataset } from './readDataset.ts';
import { writeDataset } from './writeDataset.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-write-'));
});
afterEach(() => rm(dir, { recursive: true }));

/** 45 images of class a and 3 of class "b c", in turns; every byte differs from its neighbours. */
function sample(): Dataset {
  const classLabels = Int32Array.from({ length: 48 }, (_, i) => (i % 16 === 5 ? 1 : 0));
  return {
    name: 'sample',
    widthPx: 2,
    heightPx: 1,
    channels: 4,
    labels: ['a', 'b c'],
    licence: 'CC0 1.0',
    attribution: 'Zoë',
    images: Uint8Array.from({ length: 48 * 8 }, (_, i) => (i * 7) % 251),
    classLabels,
  };
}

describe('writeDataset', () => {
  it('writes what readDataset reads, class by class', async () => {
    const dataset = sample();
    await writeDataset(join(dir, 'new'), dataset, 'for the test');
    const back = await readDataset(join(dir, 'new'));
    const { images, classLabels, ...rest } = dataset;
    expect(back).toMatchObject(rest);
    const order = [...classLabels.keys()].sort((i, j) => classLabels[i]! - classLabels[j]! || i - j);
    expect([...back.images]).toEqual(order.flatMap((i) => [...images.slice(i * 8, i * 8 + 8)]));
    expect([...back.classLabels]).toEqual(order.map((i) => classLabels[i]));
  });

  it('writes the maps of materials beside their pictures', async () => {
    const dataset: Dataset = { ...sample(), widthPx: 1, heightPx: 1, channels: 6 };
    dataset.images = dataset.images.subarray(0, 48 * 6);
    await writeDataset(dir, dataset, 'for the test');
    const files = ['a.png', 'a_hrm.png', 'class_1.png', 'class_1_hrm.png', 'dataset.json'];
    expect((await readdir(dir)).sort()).toEqual(files);
    const back = await readDataset(dir);
    const order = [...dataset.classLabels.keys()].sort(
      (i, j) => dataset.classLabels[i]! - dataset.classLabels[j]! || i - j,
    );
    expect(back.channels).toBe(6);
    expect([...back.images]).toEqual(order.flatMap((i) => [...dataset.images.slice(i * 6, i * 6 + 6)]));
  });

  it('gives every class a file of its own, whatever its label', async () => {
    const labels = ['class_1', 'b c', 'a', 'A', 'a_hrm', 'class_1_hrm'];
    const classLabels = Int32Array.from({ length: 48 }, (_, i) => Math.floor(i / 8));
    for (const channels of [4, 6] as const) {
      const images = sample().images.subarray(0, 48 * channels);
      const dataset: Dataset = { ...sample(), widthPx: 1, channels, labels, classLabels, images };
      await writeDataset(join(dir, `${channels}`), dataset, 'for the test');
      const names = (await readdir(join(dir, `${channels}`))).map((name) => name.toLowerCase());
      expect(new Set(names).size).toBe(1 + labels.length * (channels === 6 ? 2 : 1));
      const back = await readDataset(join(dir, `${channels}`));
      expect(back.labels).toEqual(labels);
      expect([...back.images]).toEqual([...images]);
    }
  });

  it('gives no label the name of a device or one too long for a file', async () => {
    const labels = ['con', 'NUL', 'com1', 'x'.repeat(200)];
    const classLabels = Int32Array.from({ length: 24 }, (_, i) => i % 4);
    await writeDataset(dir, { ...sample(), labels, classLabels }, 'for the test');
    expect((await readdir(dir)).sort()).toEqual([...labels.map((_, i) => `class_${i}.png`), 'dataset.json']);
    expect((await readDataset(dir)).labels).toEqual(labels);
  });

  it('leaves nothing but dataset.json and the sheets', async () => {
    await writeDataset(dir, sample(), 'for the test');
    expect((await readdir(dir)).sort()).toEqual(['a.png', 'class_1.png', 'dataset.json']);
    const json = JSON.parse(await readFile(join(dir, 'dataset.json'), 'utf8'));
    expect(json).toMatchObject({ description: 'for the test', tileWidth: 2, tileHeight: 1, columns: 3 });
    const { width, height } = decodePng(await readFile(join(dir, 'a.png')));
    expect([width, height]).toEqual([6, 15]);
  });

  it('writes attributes and frames', async () => {
    const frames = parseFrames([{ frame: 0 }, { frame: 'stand', direction: 'up' }]);
    const dataset: Dataset = {
      ...sample(),
      classLabels: Int32Array.from({ length: 24 }, (_, i) => Math.floor(i / 12)),
      frames,
      attributes: [
        {
          name: 'hair',
          values: ['black', 'red'],
          data: Int16Array.from({ length: 24 }, (_, i) => (i % 3) - 1),
        },
        {
          name: 'wear',
          values: { min: 0, max: 2.5 },
          data: Float32Array.from({ length: 24 }, (_, i) => i / 10),
        },
      ],
    };
    await writeDataset(dir, dataset, 'for the test');
    const back = await readDataset(dir);
    expect(back).toMatchObject({ frames, attributes: dataset.attributes, images: dataset.images });
    expect((await readFile(join(dir, 'attributes.csv'), 'utf8')).split('\n').slice(0, 3)).toEqual([
      'label,tile,hair,wear',
      'a,0,,0',
      'a,2,black,0.1',
    ]);
    const { attributes: _, ...plain } = dataset;
    await writeDataset(join(dir, 'plain'), plain, '');
    expect(await readdir(join(dir, 'plain'))).not.toContain('attributes.csv');
  });

  it('refuses an empty class', async () => {
    const dataset = { ...sample(), labels: ['a', 'b c', 'd'] };
    await expect(writeDataset(dir, dataset, '')).rejects.toThrow(/class "d" is empty/);
    expect(await readdir(dir)).toEqual([]);
  });
});
