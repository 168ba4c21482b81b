import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { UsageError } from '../node/usageError.ts';
import { clearSite } from './clearSite.ts';

it('removes an earlier site and an empty folder, and nothing else', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'figment-docs-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const [site, empty, other] = ['site', 'empty', 'other'].map((name) => path.join(dir, name)) as [
    string,
    string,
    string,
  ];
  await mkdir(path.join(site, 'katex'), { recursive: true });
  for (const file of ['index.html', 'guide.css', 'katex/katex.css']) await writeFile(path.join(site, file), '');
  await mkdir(empty);
  await mkdir(other);
  await writeFile(path.join(other, 'index.html'), 'mine');
  for (const folder of [site, empty, path.join(dir, 'new')]) clearSite(folder);
  expect([site, empty].map(existsSync)).toEqual([false, false]);
  expect(() => clearSite(other)).toThrow(UsageError);
  expect(existsSync(path.join(other, 'index.html'))).toBe(true);
});
