import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Frame } from '../../runtime/index.ts';
import { tinyFrames, WALK } from '../../runtime/testing/tinyFrames.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { writeDataset } from '../node/writeDataset.ts';
import { readDataOfModel } from './dataOfModel.ts';

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-data-'));
  await writeDataset(dir, tinyFrames(), 'boxes that move');
});

afterAll(() => rm(dir, { recursive: true }));

/** Reads the boxes for a model of them with these frames. */
async function readFor(frames: readonly Frame[]) {
  const { index } = tinyModelFiles({ labels: ['box', 'bar'], sizePx: 8, heightPx: 12, frames });
  return readDataOfModel('probe', { index }, { data: dir, heldOut: 0, seed: 1 });
}

it('takes frames for the same that are shown for another time, and no others', async () => {
  const { dataset } = await readFor(WALK.map((frame) => ({ ...frame, durationMs: 250 })));
  expect(dataset.frames).toEqual(WALK);
  const [first, ...others] = WALK;
  await expect(readFor([first!, ...others.map((frame) => ({ ...frame, direction: 'right' }))])).rejects.toThrow(
    'probe: of the data, frame 1 is walk-left 1; expected walk-right 1 as the model has; name the data set that',
  );
});
