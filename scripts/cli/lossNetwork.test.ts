// Auto-encoders and students that a classifier of their data looks at, from the command line.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import * as runtime from '../../runtime/index.ts';
import { tinyAttributes, tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { diskSource } from '../node/diskSource.ts';
import { readConditionalVae, readVae } from '../node/readNetworks.ts';
import { writeDataset } from '../node/writeDataset.ts';
import { printedBy } from '../testing/printedBy.ts';
import * as judge from './evaluation/judge.ts';
import { createProgram } from './program.ts';

let dir: string;
const at = (...names: string[]) => join(dir, ...names);
const { openJudge } = judge;
const opened: judge.OpenClassifierOptions[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-perceptual-'));
  const plain = { ...tinyDataset({ widthPx: 16, heightPx: 16 }), attribution: 'drawn by formula' };
  await writeDataset(at('data'), { ...plain, attributes: tinyAttributes() }, 'shapes');
  const one = { ...plain, labels: ['shape'], classLabels: plain.classLabels.map(() => 0) };
  await writeDataset(at('one'), one, 'shapes');
  await writeFilesAtomic(at('model'), await runtime.modelFolderFiles(tinyModelFiles(), { dtype: 'F16' }));
  vi.spyOn(judge, 'openJudge').mockImplementation((dataset, options) => {
    opened.push(options);
    return openJudge(dataset, { ...options, numSteps: 2, file: at('classifier.safetensors') });
  });
});
afterAll(() => {
  vi.restoreAllMocks();
  return rm(dir, { recursive: true });
});

/** Runs `figment train vae …`, or that of another kind, for so many steps in all; returns what it prints. */
async function train(out: string, steps: number, ...words: string[]): Promise<string> {
  return trainKind('vae', out, steps, ...words);
}

async function trainKind(kind: string, out: string, steps: number, ...words: string[]): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  const options = ['--backend', 'wasm', '--batch', '2', '--held-out', '0.2', '--steps', String(steps), ...words];
  try {
    const all = ['train', kind, '--data', at('data'), '--out', at(out), ...options];
    await createProgram().parseAsync(all, { from: 'user' });
    return log.mock.calls.map(([line]) => line).join('\n');
  } finally {
    log.mockRestore();
  }
}

it('learns a classifier first, of another seed than the judge, and saves no part of it', async () => {
  await train('looked', 1, '--init-from', at('model'), '--perceptual-weight', '0.5');
  expect(opened).toHaveLength(1);
  expect(opened[0]).toMatchObject({ seed: 1, numWorkers: 0 });
  const { weights } = await readVae(at('looked'));
  expect([...weights.keys()].filter((name) => name.startsWith('loss_network'))).toEqual([]);
});

it('goes on with the classifier that it began with', async () => {
  expect(await train('on', 1, '--perceptual-weight', '0.5', '--init-from', at('model'))).toMatch(/done: 1 steps/);
  const numOpened = opened.length;
  await expect(train('on', 2, '--resume')).rejects.toThrow(/made with another perceptualWeight \(0.5, now the usual/);
  expect(await train('on', 2, '--resume', '--perceptual-weight', '0.5')).toMatch(/done: 2 steps/);
  expect(opened).toHaveLength(numOpened);
});

it('says as the training, and without options of others, where the classifier cannot be kept', async () => {
  const file = at('data', 'dataset.json', 'classifier.safetensors'); // below a file
  vi.mocked(judge.openJudge).mockImplementationOnce((dataset, options) => openJudge(dataset, { ...options, file }));
  await expect(train('unkept', 1, '--perceptual-weight', '0.5')).rejects.toThrow(
    `train vae: classifier ${file} cannot be read (ENOTDIR); see to it that files can be read and written there`,
  );
});

it('refuses images of which nothing is known', async () => {
  await expect(train('one', 1, '--data', at('one'), '--perceptual-weight', '0.5')).rejects.toThrow(
    'train vae: --perceptual-weight takes the eyes of a classifier, but all images of "tiny" have one label, and no attributes; leave it out',
  );
});

it('does the same for a conditional VAE', async () => {
  const numOpened = opened.length;
  await trainKind('cvae', 'cvae', 1, '--perceptual-weight', '0.5');
  expect(opened).toHaveLength(numOpened + 1);
  const { weights } = await readConditionalVae(at('cvae'));
  expect([...weights.keys()].filter((name) => name.startsWith('loss_network'))).toEqual([]);
  await expect(trainKind('cvae', 'cvae', 2, '--resume')).rejects.toThrow(
    /made with another loss \(.*--perceptual-weight 0.5/,
  );
  expect(await trainKind('cvae', 'cvae', 2, '--resume', '--perceptual-weight', '0.5')).toMatch(/done: 2 steps/);
  expect(opened).toHaveLength(numOpened + 1);
  await expect(trainKind('cvae', 'one', 1, '--data', at('one'), '--perceptual-weight', '0.5')).rejects.toThrow(
    /^train cvae: --perceptual-weight takes the eyes/,
  );
});

it('does the same for a student', async () => {
  const { labels } = tinyDataset();
  const known = tinyModelFiles({ labels, attributes: runtime.vocabularyOf(tinyAttributes()) });
  await writeFilesAtomic(at('teacher'), await runtime.modelFolderFiles(known));
  const distil = (steps: string, ...words: string[]) =>
    printedBy(
      ...['distil', at('teacher'), '--data', at('data'), '--out', at('student'), '--steps', steps],
      ...['--backend', 'wasm', '--batch', '2', '--held-out', '0.2', '--teacher-steps', '4', ...words],
    );
  const numOpened = opened.length;
  await distil('1', '--perceptual-weight', '0.5');
  expect(opened).toHaveLength(numOpened + 1);
  expect(opened.at(-1)).toMatchObject({ seed: 1 });
  const { unet, conditioning, teacher } = await runtime.loadModelFolder(diskSource(at('student')), {
    parts: ['unet', 'vae', 'scheduler', 'teacher'],
  });
  const names = [unet, conditioning!, teacher!].flatMap((weights) => [...weights.keys()]);
  expect(names.filter((name) => /^(vae|loss_network)\./.test(name))).toEqual([]);
  const [line] = (await readFile(at('student', 'log.jsonl'), 'utf8')).split('\n');
  expect(JSON.parse(line!).metrics.perceptual).toBeGreaterThan(0);
  await expect(distil('2', '--resume')).rejects.toThrow(/made with another perceptualWeight \(0.5, now/);
  expect(await distil('2', '--resume', '--perceptual-weight', '0.5')).toMatch(/done: 2 steps/);
  expect(opened).toHaveLength(numOpened + 1);
});
