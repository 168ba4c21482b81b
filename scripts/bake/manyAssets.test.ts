import { memory } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { collectGarbage } from '../../runtime/testing/collectGarbage.ts';
import { type BakeFolder, createBakeFolder } from '../testing/bakeFolder.ts';
import { bake } from './index.ts';

const NUM_ASSETS = 480;
const SIZE_PX = 32;
/** The size of one picture as the model makes it. */
const PICTURE_BYTES = SIZE_PX ** 2 * 4;

let art: BakeFolder;
beforeAll(async () => {
  art = await createBakeFolder();
  await art.writeModel({ sizePx: SIZE_PX, cvae: true });
});
afterAll(() => art.remove());

function usedBytes(): number {
  collectGarbage();
  collectGarbage(); // for what only the first collection has made free
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

it('bakes hundreds of assets in as much memory as a few', async () => {
  const assets = Array.from({ length: NUM_ASSETS }, (_, i) => ({
    name: `guest ${i}`,
    labels: [['elf', 'goblin', 'orc'][i % 3]!],
    seeds: [i],
    pipeline: 'cvae' as const,
  }));
  await art.describe(assets);
  const used: number[] = [];
  const tensors: number[] = [];
  const { written, numBaked } = await bake(art.file, {
    backend: 'wasm',
    batch: 16,
    onProgress: ({ numDone }) => {
      if (numDone % 80 !== 0) return;
      used.push(usedBytes());
      tensors.push(memory().numTensors);
    },
  });
  expect([numBaked, written.length]).toEqual([NUM_ASSETS, NUM_ASSETS]);
  expect(used.length).toBeGreaterThan(4);
  // The least of each half: buffers of files that were written go late.
  const [before, after] = [used.slice(0, used.length / 2), used.slice(used.length / 2)].map((half) =>
    Math.min(...half),
  );
  expect((after! - before!) / (NUM_ASSETS / 2)).toBeLessThan(PICTURE_BYTES / 3); // some is for the manifest
  const half = tensors.length / 2;
  expect(Math.max(...tensors.slice(half))).toBe(Math.max(...tensors.slice(0, half)));
});
