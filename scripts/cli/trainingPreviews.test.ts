import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { splitHeldOut } from '../../runtime/index.ts';
import { tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { writeReconstructions } from './trainingPreviews.ts';

it('shows images of the training, each in its turn, where none is held out', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'figment-previews-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const dataset = tinyDataset({ perClass: 10 });
  const data = { dataset, split: splitHeldOut(dataset, 0, 3) };
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  const shown = new Set<number>();
  const sheet = { width: 1, height: 1, channels: 3 as const, pixels: new Uint8Array(3) };
  await writeReconstructions(dir, 1, data, async (images) => {
    for (const image of images) shown.add(image);
    return { sheet, l1: 0.5 };
  });
  expect(shown.size).toBe(30);
  expect(log.mock.calls).toEqual([['\npreview-000001.png: training L1 0.5000']]);
});
