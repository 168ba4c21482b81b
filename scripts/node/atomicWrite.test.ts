import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  makeWritableFolder,
  namingFile,
  removeAbandonedFiles,
  writeFileAtomic,
  writeFilesAtomic,
} from './atomicWrite.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'figment-write-'));
});

afterEach(() => rm(folder, { recursive: true }));

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

async function everyPath(): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).sort();
}

describe('writeFileAtomic', () => {
  it('writes a new file and replaces an old one, and leaves nothing else', async () => {
    for (const text of ['first', 'second, longer', '']) {
      await writeFileAtomic(join(folder, 'a'), bytes(text));
      expect(await readFile(join(folder, 'a'), 'utf8')).toBe(text);
    }
    expect(await everyPath()).toEqual(['a']);
  });

  it('never shows a reader a mixture', async () => {
    const versions = ['a', 'b'].map((letter) => letter.repeat(200_000));
    await writeFileAtomic(join(folder, 'a'), bytes(versions[0]!));
    let isWriting = true;
    const writing = (async () => {
      for (let i = 0; i < 20; i++) await writeFileAtomic(join(folder, 'a'), bytes(versions[i % 2]!));
      isWriting = false;
    })();
    while (isWriting) expect(versions).toContain(await readFile(join(folder, 'a'), 'utf8'));
    await writing;
  });

  it('removes the temporary file when the rename fails, and leaves what was there', async () => {
    await mkdir(join(folder, 'a/b'), { recursive: true });
    await expect(writeFileAtomic(join(folder, 'a'), bytes('new'))).rejects.toThrow();
    expect(await everyPath()).toEqual(['a', 'a/b']);
  });

  it('fails where there is no folder', async () => {
    await expect(writeFileAtomic(join(folder, 'none/a'), bytes('new'))).rejects.toThrow('ENOENT');
  });
});

describe('writeFilesAtomic', () => {
  it('makes the folders and writes every file', async () => {
    await writeFilesAtomic(join(folder, 'model'), { 'vae/config.json': bytes('{}'), 'model_index.json': bytes('[]') });
    expect(await everyPath()).toEqual(['model', 'model/model_index.json', 'model/vae', 'model/vae/config.json']);
    expect(await readFile(join(folder, 'model/vae/config.json'), 'utf8')).toBe('{}');
  });

  it('changes no file when one of them cannot be written', async () => {
    await writeFile(join(folder, 'a'), 'old');
    const unwritable = { a: bytes('new'), b: null as unknown as Uint8Array };
    await expect(writeFilesAtomic(folder, unwritable)).rejects.toThrow();
    expect(await everyPath()).toEqual(['a']);
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('old');
  });

  it.each(['../a', '/a', 'x/../../a', '.', '..', ''])('refuses %j before it writes anything', async (path) => {
    const files = { ok: bytes('new'), [path]: bytes('new') };
    await expect(writeFilesAtomic(folder, files)).rejects.toThrow(RangeError);
    expect(await everyPath()).toEqual([]);
  });
});

describe('makeWritableFolder', () => {
  it('makes the folder and leaves nothing in it', async () => {
    await makeWritableFolder(join(folder, 'a', 'b'));
    expect(await readdir(join(folder, 'a', 'b'))).toEqual([]);
  });

  it('names the folder that cannot be written to', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(makeWritableFolder(join(folder, 'file', 'out'))).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringMatching(/file[/\\]out cannot be written to \(ENOTDIR\)/),
    });
  });
});

it('names the file when the disk is full', async () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  await expect(namingFile('runs/a/log.jsonl', Promise.reject(full))).rejects.toThrow(
    'write: runs/a/log.jsonl: ENOSPC: no space left on device, write; free some space, or write elsewhere',
  );
});

it('removes the temporary files of dead processes alone', async () => {
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const machine = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
  const name = (owner: string) => `.a.png.${owner}.00000000-0000-4000-8000-000000000000.tmp`;
  const kept = [name(`${machine}-${process.ppid}`), name(`00000000-${dead}`), 'a.tmp', '.a.png.mine.tmp'];
  await mkdir(join(folder, 'vae'));
  for (const path of [...kept, name(`${machine}-${dead}`), `vae/${name(`${machine}-${dead}`)}`]) {
    await writeFile(join(folder, path), '');
  }
  await removeAbandonedFiles(folder, ['', 'vae', 'none']);
  expect(await everyPath()).toEqual([...kept, 'vae'].sort());
});
