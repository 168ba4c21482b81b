import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from './makeFolder.ts';

describe('makeFolder', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'make-folder-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('makes what is missing above it, too, and says whether it is new', async () => {
    const dir = join(folder, 'a/b/c');
    expect(await makeFolder(dir)).toBe(true);
    expect(existsSync(dir)).toBe(true);
    expect(await makeFolder(dir)).toBe(false);
    expect(await makeFolder('/')).toBe(false);
  });

  it('makes one folder for many that ask at once', async () => {
    const dirs = Array.from({ length: 8 }, (_, i) => join(folder, 'shared/deep', String(i % 2)));
    const isNew = await Promise.all(dirs.map(makeFolder));
    expect(isNew.filter(Boolean)).toHaveLength(2);
  });

  it('refuses what lies in a file', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(makeFolder(join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolder(join(folder, 'file/a/b'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it.runIf(process.platform === 'linux')('ends where no folder can be made', async () => {
    await expect(makeFolder('/proc/figment/art')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
