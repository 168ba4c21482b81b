import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from './atomicWrite.ts';
import { CREDIT_FILE, combineCredits, readCredit } from './credit.ts';

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-credit-'));
});

afterAll(() => rm(dir, { recursive: true }));

it('combines credits, each part once', () => {
  const a = { licence: 'CC0', attribution: 'Ann' };
  const b = { licence: 'CC-BY', attribution: 'Bob' };
  const both = { licence: 'CC0; CC-BY', attribution: 'Ann; Bob' };
  expect(combineCredits([a, null, b, a])).toEqual(both);
  expect(combineCredits([b, both])).toEqual({ licence: 'CC-BY; CC0', attribution: 'Bob; Ann' });
  expect(combineCredits([null, { licence: 'CC0', attribution: '' }])).toEqual({ licence: 'CC0', attribution: '' });
});

it('reads the credit of a model and of a run, and of nothing none', async () => {
  await writeFilesAtomic(join(dir, 'model'), await tinyModelFolder());
  const index = JSON.parse(new TextDecoder().decode((await tinyModelFolder())['model_index.json']));
  const { licence, attribution } = index.figment;
  expect(licence).not.toBe('');
  expect(await readCredit(join(dir, 'model'))).toEqual({ licence, attribution });
  expect(await readCredit(dir)).toBeNull();
  await writeFile(join(dir, CREDIT_FILE), JSON.stringify({ licence: 'CC0', attribution: 'Ann' }));
  expect(await readCredit(dir)).toEqual({ licence: 'CC0', attribution: 'Ann' });
  await writeFile(join(dir, CREDIT_FILE), '{"licence": 3}');
  await expect(readCredit(dir)).rejects.toThrow(/credit.json tells no licence and attribution/);
});
