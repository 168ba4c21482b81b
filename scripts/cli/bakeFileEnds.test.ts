// What is left of a bake that was ended in the middle.
import { spawn } from 'node:child_process';
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { bake, checkBake } from '../bake/index.ts';
import { packageRoot } from '../node/packageRoot.ts';
import { decodePng } from '../node/png.ts';
import { type BakeFolder, createBakeFolder } from '../testing/bakeFolder.ts';
import { builtScript } from '../testing/builtScripts.ts';

const LIMIT_MS = 120_000;

let art: BakeFolder;
beforeEach(async () => {
  art = await createBakeFolder();
});
afterEach(() => art.remove());

/** More than a bake makes before it is ended, however late that comes. */
const MANY = 20_000;

/** The command as a process of its own. */
function start(...words: string[]) {
  const args = [builtScript('cli'), 'bake', art.file, '--backend', 'wasm', '--batch', '4', ...words];
  const child = spawn(process.execPath, args, { cwd: packageRoot(), stdio: 'ignore' });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, exited };
}

const pngs = async () => (await readdir(art.out)).filter((name) => /^\d+\.png$/.test(name));

async function expectWholeAndResumed(numBefore: number): Promise<void> {
  for (const name of await pngs()) {
    const bytes = await readFile(join(art.out, name));
    expect(decodePng(bytes, name)).toMatchObject({ width: 16, height: 16 });
  }
  await art.describe([{ labels: ['elf'], count: numBefore + 8, output: '{seed}' }]);
  const { numFresh, numBaked } = await bake(art.file, { backend: 'wasm' });
  expect(numFresh).toBeGreaterThan(0);
  expect(numFresh + numBaked).toBe(numBefore + 8);
  expect(await checkBake(art.file)).toEqual([]);
}

it.each(['SIGINT', 'SIGKILL'] as const)(
  'a bake ended by %s leaves whole files, and the rest resumes',
  { timeout: LIMIT_MS },
  async (signal) => {
    await art.describe([{ labels: ['elf'], count: MANY, output: '{seed}' }]);
    const { child, exited } = start('--jobs', '2');
    const manifest = join(art.out, 'figment.bake.manifest.json');
    const isUnderWay = async () => (await stat(manifest).catch(() => null)) !== null && (await pngs()).length > 20;
    await vi.waitUntil(isUnderWay, { timeout: 60_000, interval: 10 });
    child.kill(signal);
    expect(await exited).toBe(signal === 'SIGINT' ? 130 : null);
    const numBefore = (await pngs()).length;
    expect(numBefore).toBeLessThan(MANY);
    if (signal === 'SIGINT') {
      const { files } = JSON.parse(await readFile(manifest, 'utf8'));
      expect(Object.keys(files).sort()).toEqual((await pngs()).sort());
      expect((await readdir(art.out)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    }
    await expectWholeAndResumed(numBefore);
  },
);

it('a bake removes what a killed one left half-written, and nothing else', async () => {
  await art.describe([{ labels: ['elf'], output: 'elf' }]);
  const names = [
    '.elf.png.00000000-0000-4000-8000-000000000000.tmp',
    '.elf.png.mine.tmp',
    '.orc.png.00000000-0000-4000-8000-000000000000.tmp',
  ];
  for (const name of names) {
    await writeFile(join(art.out, name), '');
    await utimes(join(art.out, name), 0, 0);
  }
  const young = '.elf.png.00000000-0000-4000-8000-000000000001.tmp';
  await writeFile(join(art.out, young), '');
  await bake(art.file, { backend: 'wasm' });
  const left = (await readdir(art.out)).filter((name) => name.endsWith('.tmp'));
  expect(left.sort()).toEqual([young, ...names.slice(1)].sort());
});
