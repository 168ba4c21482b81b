import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { MissingFileError, ModelFileError } from '../core/errors.ts';
import { urlSource } from './urlSource.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

it('reads from the disk in Node, and says what is missing there', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'figment-model '));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, 'a.json'), '{}');
  const source = urlSource(pathToFileURL(folder).href, { timeoutMs: undefined });
  expect(await source.read('a.json')).toEqual(new Uint8Array([123, 125]));
  await expect(source.read('b.json')).rejects.toThrow(MissingFileError);
  await expect(urlSource(pathToFileURL(path.join(folder, 'a.json')).href).read('c.json')).rejects.toThrow(
    /could not be read/,
  );
});

it('asks once for an address that cannot be fetched later either, and gives the remedy', async () => {
  const fetching = vi.fn(async () => Promise.reject(new TypeError('Failed to fetch')));
  vi.stubGlobal('fetch', fetching);
  const relative = urlSource('models/portraits').read('a.json');
  await expect(relative).rejects.toThrow(/is relative, and there is no page that it counts from; give a whole address/);
  expect(fetching).toHaveBeenCalledTimes(1);
  vi.stubGlobal('process', { ...process, getBuiltinModule: undefined });
  const ofDisk = urlSource('file:///models/portraits').read('a.json');
  await expect(ofDisk).rejects.toThrow(/a page may not read from the disk; serve the folder/);
  await expect(ofDisk).rejects.toThrow(ModelFileError);
  expect(fetching).toHaveBeenCalledTimes(2);
});
