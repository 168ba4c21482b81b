import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as runtime from '../runtime/index.ts';
import { tinyDataset } from '../runtime/testing/tinyDataset.ts';
import { tinyModelFiles } from '../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from './io/atomicWrite.ts';
import { readVae } from './io/readNetworks.ts';
import { writeDataset } from './io/writeDataset.ts';
import { createProgram } from './program.ts';

let dir: string;
const at = (...names: string[]) => join(dir, ...names);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-vae-'));
  const dataset = { ...tinyDataset({ widthPx: 16, heightPx: 16 }), attribution: 'drawn by formula' };
  await writeDataset(at('data'), dataset, 'shapes');
  await writeFilesAtomic(at('model'), await runtime.modelFolderFiles(tinyModelFiles(), { dtype: 'F16' }));
});

afterAll(() => rm(dir, { recursive: true }));

/** Runs `figment train vae …` for so many steps in all; returns what it prints. */
async function train(out: string, steps: number, ...words: string[]): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  const options = ['--backend', 'wasm', '--batch', '2', '--held-out', '0.2', '--steps', String(steps), ...words];
  try {
    const all = ['train', 'vae', '--data', at('data'), '--out', at(out), ...options];
    await createProgram().parseAsync(all, { from: 'user' });
    return log.mock.calls.map(([line]) => line).join('\n');
  } finally {
    log.mockRestore();
  }
}

describe('train vae --resume', () => {
  it('takes the config from the run itself', async () => {
    await train('plain', 1, '--init-from', at('model'));
    expect(await train('plain', 2, '--resume')).toMatch(/done: 2 steps/);
    expect((await readVae(at('plain'))).config).toEqual((await readVae(at('model'))).config);
  });

  it('names --init-from when the checkpoint is of a network of other sizes', async () => {
    await train('wide', 1, '--init-from', at('model'));
    await rm(at('wide', 'vae'), { recursive: true });
    await expect(train('wide', 2, '--resume')).rejects.toThrow(/other sizes; go on with the --init-from/);
  });

  it('goes on with the encoder frozen, or trained, as before, and names the option otherwise', async () => {
    await train('frozen', 1, '--init-from', at('model'), '--freeze-encoder');
    await expect(train('frozen', 2, '--resume')).rejects.toThrow(/made with --freeze-encoder; add --freeze-encoder/);
    expect(await train('frozen', 2, '--resume', '--freeze-encoder')).toMatch(/done: 2 steps/);
    await train('thawed', 1, '--init-from', at('model'));
    await expect(train('thawed', 2, '--resume', '--freeze-encoder')).rejects.toThrow(
      /made without --freeze-encoder; leave it out, or begin anew .* --init-from .*thawed/,
    );
  });
});
