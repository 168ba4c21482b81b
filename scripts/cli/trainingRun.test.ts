import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import * as runtime from '../../runtime/index.ts';
import { tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { writeDataset } from '../node/writeDataset.ts';
import { printedBy } from '../testing/printedBy.ts';

let dir: string;
const at = (...names: string[]) => join(dir, ...names);
const { defaultConditionalVaeConfig } = runtime;

beforeAll(async () => {
  vi.spyOn(runtime, 'defaultConditionalVaeConfig').mockImplementation((...of) => ({
    ...defaultConditionalVaeConfig(...of),
    block_out_channels: [8, 16, 16], // what the command does with a network is the same for a small one
  }));
  dir = await mkdtemp(join(tmpdir(), 'figment-resumed-'));
  const dataset = { ...tinyDataset({ widthPx: 32, heightPx: 16 }), attribution: 'drawn by formula' };
  await writeDataset(at('data'), dataset, 'shapes');
  await writeFilesAtomic(at('model'), await runtime.modelFolderFiles(tinyModelFiles({ labels: dataset.labels })));
});

afterAll(() => {
  vi.restoreAllMocks();
  return rm(dir, { recursive: true });
});

/** Runs `figment train KIND …` for so many steps in all; returns what it prints. */
function train(kind: string, out: string, steps: number, ...words: string[]): Promise<string> {
  const usual = ['--backend', 'wasm', '--batch', '2', '--held-out', '0.2', '--steps', String(steps)];
  return printedBy('train', kind, '--data', at('data'), '--out', at(out), ...usual, ...words);
}

/** Takes a note out of a checkpoint, as earlier versions wrote it. */
async function forget(out: string, name: string): Promise<void> {
  const file = at(out, 'checkpoint.safetensors');
  const { state, notes } = runtime.decodeCheckpoint(new Uint8Array(await readFile(file)), file);
  const { [name]: forgotten, ...others } = notes;
  expect(forgotten).toBeDefined();
  await writeFile(file, runtime.encodeCheckpoint(state, others));
}

const OF_MODEL = ['--init-from', 'MODEL'];

it.each<[string, string, string[], string[]]>([
  ['vae', 'an auto-encoder', OF_MODEL, []],
  ['ddpm', 'a model of latents', [...OF_MODEL, '--vae', 'MODEL'], ['--vae', 'MODEL']],
  ['ddpm', 'a model of pixels', ['--widths', '8,16'], []],
  ['cvae', 'a VAE of one pass', [], []],
])('train %s goes on with %s for pictures of the size that it began with', async (kind, what, words, always) => {
  const [first, again] = [words, always].map((all) => all.map((word) => (word === 'MODEL' ? at('model') : word)));
  const out = what.replaceAll(' ', '-');
  await train(kind, out, 1, ...first!);
  const resume = (...more: string[]) => train(kind, out, 2, '--resume', ...again!, ...more);
  await expect(resume('--shrink', '2')).rejects.toThrow(
    /made with another pictureSize \(32×16, now 16×8\), which --data and --shrink decide on; go on with that one, or/,
  );
  await forget(out, 'pictureSize');
  expect(await resume(), 'an old checkpoint does not tell it').toMatch(/done: 2 steps/);
  await expect(resume('--shrink', '2'), 'but it does from now on').rejects.toThrow(/another pictureSize/);
});

it('train cvae names the data of the run where an old checkpoint tells no size', async () => {
  await train('cvae', 'old', 1);
  await forget('old', 'pictureSize');
  await expect(train('cvae', 'old', 2, '--resume', '--shrink', '2')).rejects.toThrow(
    /old makes 32×16 px with 4 channels, the data are 16×8 px with 4 channels; go on with the data of the run$/,
  );
});
