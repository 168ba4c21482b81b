import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import * as runtime from '../../../runtime/index.ts';
import { tinyDataset, tinyMaterials } from '../../../runtime/testing/tinyDataset.ts';
import * as terminal from '../../node/terminal.ts';
import { openHeightJudge } from './heightJudge.ts';
import { openJudge, stepsForImages } from './judge.ts';

const NUM_STEPS = 3;
const SIZE = { perClass: 2, widthPx: 16, heightPx: 16 };
const { defaultClassifierConfig } = runtime;

let dir: string;
beforeAll(async () => {
  await runtime.selectBackend({ backend: 'wasm' });
  dir = await mkdtemp(join(tmpdir(), 'figment-judge-'));
  vi.spyOn(runtime, 'defaultClassifierConfig').mockImplementation((data) => ({
    ...defaultClassifierConfig(data),
    block_out_channels: [16, 32, 32],
  }));
});
afterAll(() => {
  vi.restoreAllMocks();
  return rm(dir, { recursive: true });
});

const shared = { indices: Int32Array.of(0, 1, 2, 3, 4, 5), numSteps: NUM_STEPS, numWorkers: 1 };
const openHeights = (name: string, circular: boolean, materials = tinyMaterials(SIZE)) =>
  openHeightJudge(materials, { ...shared, classifierFile: join(dir, `${name}.safetensors`), circular });

it.each([
  ['the judge', () => openJudge(tinyDataset(SIZE), { ...shared, file: join(dir, 'judge.safetensors') })],
  ['the judge of heights', () => openHeights('judge', false)],
])('lets events in after each step of %s', async (_, open) => {
  const turns: number[] = [];
  let numTurns = 0;
  const update = () => {
    turns.push(numTurns);
    setImmediate(() => numTurns++);
  };
  vi.spyOn(terminal, 'startProgress').mockReturnValueOnce({ update, stop: () => {} });
  const judge = await open();
  judge.dispose();
  expect(turns).toEqual([0, 1, 2]);
});

it('keeps a judge of heights for each kind of padding', async () => {
  const found = [];
  for (const circular of [true, false, true, false]) {
    const { isNew, dispose } = await openHeights('padded', circular);
    found.push(isNew);
    dispose();
  }
  expect(found).toEqual([true, true, false, false]);
});

it('trains another judge of heights where the maps alone were painted again', async () => {
  const materials = tinyMaterials(SIZE);
  const images = materials.images.map((value, i) => (i % 6 < 3 ? value : 255 - value));
  const [old, repainted] = [
    await openHeights('maps', false),
    await openHeights('maps', false, { ...materials, images }),
  ];
  expect([old.isNew, repainted.isNew, old.file === repainted.file]).toEqual([true, true, false]);
  for (const { dispose } of [old, repainted]) dispose();
});

it('refuses a stored judge of other steps than are asked for', async () => {
  const open = (numSteps?: number) =>
    openJudge(tinyDataset(SIZE), { ...shared, numSteps, file: join(dir, 'steps.safetensors') });
  (await open(1)).dispose();
  await expect(open(2)).rejects.toThrow(
    /steps.safetensors was trained for 1 steps, not 2; leave out --classifier-steps, or name a new file$/,
  );
  const { numSteps, dispose } = await open();
  dispose();
  expect(numSteps).toBe(1);
});

it.each([
  [1, 2000],
  [8000, 2000],
  [8001, 2001],
  [16_000, 4000],
  [1e6, 6000],
])('trains a judge of %s images for %s steps', (numImages, numSteps) => {
  expect(stepsForImages(numImages)).toBe(numSteps);
});
