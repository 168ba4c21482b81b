import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { memory } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bake } from './index.ts';
import { type BakeFolder, createBakeFolder } from './testing/bakeFolder.ts';

const NUM_ASSETS = 1000;
const SCALE = 8;
/** Of one picture as it is written, before it is packed. */
const PICTURE_BYTES = (16 * SCALE) ** 2 * 4;

let art: BakeFolder;
beforeAll(async () => {
  art = await createBakeFolder();
});
afterAll(() => art.remove());

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function usedBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

it('bakes a thousand assets in as much memory as a few', async () => {
  const assets = Array.from({ length: NUM_ASSETS }, (_, i) => ({
    name: `guest ${i}`,
    labels: [['elf', 'goblin', 'orc'][i % 3]!],
    seeds: [i],
    numInferenceSteps: 1,
    scale: SCALE,
  }));
  await art.describe(assets);
  const used: number[] = [];
  const tensors: number[] = [];
  const { written, numBaked } = await bake(art.file, {
    backend: 'wasm',
    batch: 16,
    onProgress: ({ numDone }) => {
      if (numDone % 160 !== 0) return;
      used.push(usedBytes());
      tensors.push(memory().numTensors);
    },
  });
  expect([numBaked, written.length]).toEqual([NUM_ASSETS, NUM_ASSETS]);
  expect(used.length).toBeGreaterThan(4);
  const grown = used.at(-1)! - used[0]!;
  const numBetween = 160 * (used.length - 1);
  expect(grown / numBetween).toBeLessThan(PICTURE_BYTES / 20); // of what a kept picture would take
  const half = tensors.length / 2;
  expect(Math.max(...tensors.slice(half))).toBe(Math.max(...tensors.slice(0, half)));
});
