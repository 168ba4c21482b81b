import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import * as runtime from '../runtime/index.ts';
import { tinyDataset } from '../runtime/testing/tinyDataset.ts';
import { tinyModelFiles } from '../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from './io/atomicWrite.ts';
import { diskSource } from './io/diskSource.ts';
import { decodePng } from './io/png.ts';
import { writeDataset } from './io/writeDataset.ts';
import { createProgram } from './program.ts';

vi.mock(import('../runtime/index.ts'), async (original) => {
  const actual = await original();
  return { ...actual, downloadWeights: vi.fn(actual.downloadWeights) };
});

let dir: string;
const at = (...names: string[]) => join(dir, ...names);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-ddpm-'));
  const dataset = { ...tinyDataset({ widthPx: 16, heightPx: 16 }), attribution: 'drawn by formula' };
  await writeDataset(at('data'), dataset, 'shapes');
  await writeFilesAtomic(at('model'), await runtime.modelFolderFiles(tinyModelFiles({ labels: dataset.labels })));
});

afterAll(() => rm(dir, { recursive: true }));

/** Runs `figment train ddpm …` on the tiny model's networks; returns what it prints. */
async function train(out: string, ...words: string[]): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  const folders = ['--data', at('data'), '--vae', at('model'), '--init-from', at('model'), '--out', at(out)];
  const options = ['--backend', 'wasm', '--batch', '2', '--held-out', '0.2', '--steps', '2', ...words];
  try {
    await createProgram().parseAsync(['train', 'ddpm', ...folders, ...options], { from: 'user' });
    return log.mock.calls.map(([line]) => line).join('\n');
  } finally {
    log.mockRestore();
  }
}

it('writes a model, and a preview of the model as it is stored, from one download of the weights', async () => {
  vi.mocked(runtime.downloadWeights).mockClear();
  expect(await train('run')).toMatch(/train ddpm: done: 2 steps, 4 images/);
  expect(runtime.downloadWeights).toHaveBeenCalledTimes(1);
  const model = runtime.createModel(await runtime.loadModelFolder(diskSource(at('run'))));
  const label = model.index.labels[1]!;
  const [pixels] = await runtime.generate(model, [{ label, seed: 3 }], { numInferenceSteps: 10, guidanceScale: 2 });
  model.dispose();
  const sheet = decodePng(new Uint8Array(await readFile(at('run', 'preview-000002.png'))));
  const tile = runtime.scaleNearest(pixels!, 16, 16, 2);
  for (let row = 0; row < 32; row++) {
    const start = 4 * ((32 + row) * sheet.width + 3 * 32); // second row of tiles, fourth column
    expectNear(sheet.pixels.subarray(start, start + 4 * 32), tile.subarray(4 * 32 * row, 4 * 32 * (row + 1)));
  }
});

/** Pictures computed in other batches may round otherwise. */
function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  const differences = Array.from(actual, (value, i) => Math.abs(value - expected[i]!));
  expect(Math.max(...differences)).toBeLessThanOrEqual(1);
}
