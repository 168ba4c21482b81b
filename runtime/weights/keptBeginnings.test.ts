import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { keepBeginning, keptBeginning } from './keptBeginnings.ts';
import { sha256Hex } from './modelSource.ts';
import { urlSource } from './urlSource.ts';

const BYTES = Uint8Array.from({ length: 5000 }, (_, i) => i % 251);

/** What a browser keeps, by address, in the order in which it came. */
let kept: Map<string, Uint8Array>;

beforeEach(() => {
  kept = new Map();
  const store = {
    match: async (key: string) => kept.get(key) && new Response(kept.get(key) as Uint8Array<ArrayBuffer>),
    put: async (key: string, response: Response) => void kept.set(key, new Uint8Array(await response.arrayBuffer())),
    keys: async () => [...kept.keys()],
    delete: async (key: string) => kept.delete(key),
  };
  vi.stubGlobal('caches', { open: async () => store });
});

afterEach(() => void vi.unstubAllGlobals());

it('comes back by its digest, and is no longer what it was when it was changed', async () => {
  const sha256 = await sha256Hex(BYTES);
  expect(await keptBeginning(sha256)).toBeNull();
  await keepBeginning(sha256, BYTES);
  expect(await keptBeginning(sha256)).toEqual(BYTES);
  for (const bytes of kept.values()) bytes[0]! ^= 1;
  expect(await keptBeginning(sha256)).toBeNull();
});

it('is not kept under the digest of others, and the oldest of many goes', async () => {
  await keepBeginning('0'.repeat(64), BYTES);
  expect(kept.size).toBe(0);
  const parts = Array.from({ length: 18 }, (_, i) => BYTES.subarray(0, i + 1));
  const digests = await Promise.all(parts.map(sha256Hex));
  for (const [i, part] of parts.entries()) await keepBeginning(digests[i]!, part);
  const found = await Promise.all(digests.map(keptBeginning));
  expect(found.map((bytes) => bytes?.length ?? 0)).toEqual([0, 0, ...parts.slice(2).map(({ length }) => length)]);
});

it('is asked of a server once', async () => {
  const sha256 = await sha256Hex(BYTES);
  const fetch = vi.fn(async () => new Response(BYTES));
  const onProgress = vi.fn();
  const read = () => urlSource('/m', { fetch }).read('a', { beginning: { bytes: 5000, sha256 }, onProgress });
  expect(await read()).toEqual(BYTES);
  await expect.poll(() => kept.size).toBe(1);
  onProgress.mockClear();
  expect(await read()).toEqual(BYTES);
  expect(onProgress.mock.lastCall).toEqual([5000, 5000]);
  expect(fetch).toHaveBeenCalledTimes(1);
  await urlSource('/m', { fetch }).read('a'); // all of it
  expect(fetch).toHaveBeenCalledTimes(2);
  expect(kept.size).toBe(1);
});

it('is read as ever where a browser keeps nothing', async () => {
  vi.stubGlobal('caches', { open: () => Promise.reject(new Error('denied')) });
  const fetch = vi.fn(async () => new Response(BYTES));
  const sha256 = await sha256Hex(BYTES);
  const read = () => urlSource('/m', { fetch }).read('a', { beginning: { bytes: 5000, sha256 } });
  expect([await read(), await read()]).toEqual([BYTES, BYTES]);
  expect(fetch).toHaveBeenCalledTimes(2);
});
