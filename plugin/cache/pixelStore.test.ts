import { IDBFactory, IDBObjectStore, IDBTransaction } from 'fake-indexeddb';
import { clear, createStore, get, keys, set } from 'idb-keyval';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { limitQuota, useIndexedDb } from '../testing/indexedDb.ts';
import { PixelStore } from './pixelStore.ts';

useIndexedDb();

afterEach(() => {
  vi.useRealTimers();
});

const SIZE = 8; // bytes of a picture of these tests
const TOUCH_DELAY_MS = 1000;

/** Two pixels that differ from seed to seed. */
const picture = (seed: number, sizeBytes = SIZE) => Uint8Array.from({ length: sizeBytes }, (_, i) => 16 * seed + i);

/** The records: every script of the site may see and change them. */
const records = () => createStore('figment', 'pixels');

async function keptKeys(kind: 'pixels' | 'use' = 'pixels'): Promise<string[]> {
  const all = await keys<string | [string, string]>(records());
  return all.filter((key) => key[0] === kind).map((key) => key[1]!);
}

async function fill(store: PixelStore, names: string): Promise<void> {
  for (const [i, name] of [...names].entries()) await store.setAsync(name, picture(i));
}

/** Leaves setImmediate, with which the tests' IndexedDB runs, as it is. */
const useFakeTimers = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });

/** Until transactions that nobody waits for are done. */
async function idle(): Promise<void> {
  for (let i = 0; i < 50; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}

describe('PixelStore', () => {
  it('keeps pixels by key from visit to visit', async () => {
    const store = new PixelStore();
    expect(await store.getAsync('elf')).toBeNull();
    await store.setAsync('elf', picture(1));
    await store.setAsync('orc', picture(2));
    expect(await store.getAsync('elf')).toEqual(picture(1));
    const nextVisit = new PixelStore();
    expect(await nextVisit.getAsync('orc', SIZE)).toEqual(picture(2));
    await nextVisit.setAsync('orc', picture(3));
    expect(await store.getAsync('orc')).toEqual(picture(3));
  });

  it('copies: later changes of either side do not show, and of a view only its part is kept', async () => {
    const store = new PixelStore();
    const heap = new Uint8Array(1000);
    const view = heap.subarray(100, 100 + SIZE);
    view.set(picture(1));
    const kept = store.setAsync('elf', view);
    heap.fill(0);
    await kept;
    (await store.getAsync('elf'))!.fill(9);
    expect(await store.getAsync('elf')).toEqual(picture(1));
    expect((await get<Uint8Array>(['pixels', 'elf'], records()))!.buffer.byteLength).toBe(SIZE);
  });

  it('takes pixels of shared memory', async () => {
    const store = new PixelStore();
    const shared = new Uint8Array(new SharedArrayBuffer(SIZE));
    shared.set(picture(1));
    await store.setAsync('elf', shared);
    expect(await store.getAsync('elf')).toEqual(picture(1));
  });

  it('works on when all was deleted', async () => {
    const store = new PixelStore();
    await fill(store, 'abc');
    await clear(records());
    expect(await store.getAsync('a')).toBeNull();
    await store.setAsync('a', picture(1));
    expect(await store.getAsync('a')).toEqual(picture(1));
  });

  it.each([-1, Number.NaN])('refuses a limit of %d', (maxBytes) => {
    expect(() => new PixelStore({ maxBytes })).toThrow(/maxBytes is .*expected a number from 0 on/);
  });

  it('has its default limit where undefined is given', async () => {
    const store = new PixelStore({ maxBytes: undefined, onWarning: undefined });
    await store.setAsync('a', picture(1));
    expect(await store.getAsync('a')).toEqual(picture(1));
  });
});

describe('the limit', () => {
  it('lets the least recently used go, down to seven eighths', async () => {
    const store = new PixelStore({ maxBytes: 8 * SIZE });
    await fill(store, 'abcdefgh');
    expect(await keptKeys()).toEqual([...'abcdefgh']);
    await store.getAsync('a');
    await store.setAsync('c', picture(1));
    await store.setAsync('i', picture(1));
    expect(await keptKeys()).toEqual([...'acefghi']);
    expect(await keptKeys('use')).toEqual([...'acefghi']);
    await store.setAsync('j', picture(1));
    expect(await keptKeys()).toEqual([...'acefghij']);
  });

  it('counts pixels that replace others once', async () => {
    const store = new PixelStore({ maxBytes: 3 * SIZE });
    await fill(store, 'abaacabc');
    expect(await keptKeys()).toEqual([...'abc']);
    await store.setAsync('a', picture(1, 2 * SIZE));
    expect(await keptKeys()).toEqual(['a']);
    await store.setAsync('a', picture(1));
    await store.setAsync('b', picture(1));
    await store.setAsync('c', picture(1));
    expect(await keptKeys()).toEqual([...'abc']);
  });

  it('counts pixels that are replaced once, also when it counts again', async () => {
    await fill(new PixelStore(), 'abc');
    await set('total', undefined, records());
    await new PixelStore({ maxBytes: 3 * SIZE }).setAsync('b', picture(9));
    expect(await keptKeys()).toEqual([...'abc']);
    expect(await get('total', records())).toBe(3 * SIZE);
  });

  it('keeps nothing larger than itself, nor bytes that are no pixels, and what fills it alone', async () => {
    const store = new PixelStore({ maxBytes: 2 * SIZE });
    await fill(store, 'ab');
    await store.setAsync('c', picture(1, 2 * SIZE + 4));
    await store.setAsync('d', new Uint8Array(0));
    await store.setAsync('e', new Uint8Array(6));
    await store.setAsync('f', 'pixels' as unknown as Uint8Array);
    expect(await keptKeys()).toEqual(['a', 'b']);
    await store.setAsync('g', picture(1, 2 * SIZE));
    expect(await keptKeys()).toEqual(['g']);
  });

  it('holds for what earlier visits left', async () => {
    await fill(new PixelStore(), 'abcdefgh');
    await new PixelStore({ maxBytes: 4 * SIZE }).setAsync('i', picture(1));
    expect(await keptKeys()).toEqual(['g', 'h', 'i']);
    expect(await get('total', records())).toBe(3 * SIZE);
  });

  it.each(['many', 0, 1e9])('is kept again when the total was changed to %o', async (total) => {
    const store = new PixelStore({ maxBytes: 4 * SIZE });
    await fill(store, 'abcd');
    await set('total', total, records());
    await fill(store, 'efghi');
    const kept = await keptKeys();
    expect(kept.length).toBeLessThanOrEqual(4);
    expect(kept.slice(-2)).toEqual(['h', 'i']);
    expect(await get('total', records())).toBe(kept.length * SIZE);
  });

  it('does not look through all entries at each write', async () => {
    const store = new PixelStore();
    const getAll = vi.spyOn(IDBObjectStore.prototype, 'getAll');
    await fill(store, 'abcdef');
    expect(getAll).toHaveBeenCalledTimes(1);
  });
});

describe('reads', () => {
  it('are noted in one transaction a while later, so that other visits know of them', async () => {
    useFakeTimers();
    const store = new PixelStore({ maxBytes: 4 * SIZE });
    await fill(store, 'abcd');
    const put = vi.spyOn(IDBObjectStore.prototype, 'put');
    vi.setSystemTime(Date.now() + 10);
    for (const key of ['a', 'b', 'a', 'missing']) await store.getAsync(key);
    await vi.advanceTimersByTimeAsync(TOUCH_DELAY_MS - 1);
    expect(put).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await idle();
    expect(put.mock.calls.map(([, key]) => key)).toEqual([
      ['use', 'a'],
      ['use', 'b'],
    ]);
    expect(new Set(put.mock.contexts.map((store) => (store as IDBObjectStore).transaction)).size).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
    await new PixelStore({ maxBytes: 4 * SIZE }).setAsync('e', picture(1));
    expect(await keptKeys()).toEqual(['a', 'b', 'e']);
  });

  it('bring nothing back that was deleted meanwhile', async () => {
    useFakeTimers();
    const store = new PixelStore();
    await fill(store, 'ab');
    await store.getAsync('a');
    await clear(records());
    await vi.advanceTimersByTimeAsync(TOUCH_DELAY_MS);
    await idle();
    expect(await keys(records())).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('an entry that is not as it should be', () => {
  it.each([
    ['of another type', 'pixels', 'elf'],
    ['without a whole number of pixels', 'pixels', new Uint8Array(6)],
    ['of another length than noted', 'pixels', new Uint8Array(SIZE + 4)],
    ['without a valid note', 'use', null],
  ])('is null and deleted: %s', async (_, kind, value) => {
    const store = new PixelStore();
    await fill(store, 'ab');
    await set([kind, 'a'], value, records());
    expect(await store.getAsync('a')).toBeNull();
    expect([await keptKeys('pixels'), await keptKeys('use')]).toEqual([['b'], ['b']]);
    await store.setAsync('c', picture(1));
    expect(await get('total', records())).toBe(2 * SIZE);
    expect(await store.getAsync('b')).toEqual(picture(1));
  });

  it('is null and deleted when it measures something else than the caller needs', async () => {
    const store = new PixelStore();
    await fill(store, 'ab');
    expect(await store.getAsync('a', SIZE)).toEqual(picture(0));
    expect(await store.getAsync('a', 4 * SIZE)).toBeNull();
    expect(await store.getAsync('a')).toBeNull();
    expect(await keptKeys()).toEqual(['b']);
  });

  it('goes when the entries are counted and it has lost its other half', async () => {
    await set(['pixels', 'orphan'], new Uint8Array(5 * SIZE), records());
    await set(['use', 'widow'], { sizeBytes: 5 * SIZE, lastUsedMs: 1 }, records());
    await new PixelStore().setAsync('a', picture(1));
    expect([await keptKeys('pixels'), await keptKeys('use')]).toEqual([['a'], ['a']]);
    expect(await get('total', records())).toBe(SIZE);
  });
});

describe.each(['request', 'commit'] as const)('a full quota, noticed at the %s', (moment) => {
  it('costs the oldest half, and the write is tried again', async () => {
    const onWarning = vi.fn();
    const store = new PixelStore({ onWarning });
    await fill(store, 'abcd');
    await store.getAsync('a');
    limitQuota(4 * SIZE, moment);
    await store.setAsync('e', picture(1));
    expect(await keptKeys()).toEqual(['a', 'd', 'e']);
    expect(await store.getAsync('e')).toEqual(picture(1));
    expect(await get('total', records())).toBe(3 * SIZE);
    expect(onWarning).not.toHaveBeenCalled();
  });

  it('that stays full is given up after one more try, silently', async () => {
    const onWarning = vi.fn();
    const store = new PixelStore({ onWarning });
    const put = limitQuota(0, moment);
    await store.setAsync('a', picture(1));
    expect(put.mock.calls.filter(([, key]) => (key as string[])[0] === 'pixels')).toHaveLength(2);
    expect(await store.getAsync('a')).toBeNull();
    expect(await keys(records())).toEqual([]);
    expect(onWarning).not.toHaveBeenCalled();
  });
});

describe('where IndexedDB does not work', () => {
  const broken = () => {
    throw new DOMException('no storage in this mode', 'SecurityError');
  };

  async function expectEmpty(store: PixelStore): Promise<void> {
    await store.setAsync('a', picture(1));
    expect(await store.getAsync('a')).toBeNull();
  }

  it('the store is empty and warns once, with what is wrong', async () => {
    vi.stubGlobal('indexedDB', undefined);
    const onWarning = vi.fn();
    const store = new PixelStore({ onWarning });
    await expectEmpty(store);
    await expectEmpty(store);
    expect(onWarning).toHaveBeenCalledTimes(1);
    expect(onWarning.mock.lastCall![0]).toMatch(
      /PixelStore: IndexedDB does not work here \(.*\); pictures are painted/,
    );
  });

  it('the warning goes to the console by default', async () => {
    vi.stubGlobal('indexedDB', { open: broken });
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await expectEmpty(new PixelStore());
    expect(warn.mock.calls).toEqual([[expect.stringContaining('no storage in this mode')]]);
  });

  it.each([
    ['get', IDBObjectStore.prototype],
    ['put', IDBObjectStore.prototype],
    ['objectStore', IDBTransaction.prototype],
  ] as const)('at %s, it is the same', async (method, prototype) => {
    vi.spyOn(prototype as IDBObjectStore, method as 'put').mockImplementation(broken);
    const onWarning = vi.fn();
    await expectEmpty(new PixelStore({ onWarning }));
    expect(onWarning).toHaveBeenCalledTimes(1);
  });

  it('since the database is of another kind, it is the same', async () => {
    await set('key', 'value', createStore('figment', 'something else'));
    const onWarning = vi.fn();
    await expectEmpty(new PixelStore({ onWarning }));
    expect(onWarning).toHaveBeenCalledTimes(1);
  });

  it('the store takes it up as soon as it works', async () => {
    vi.stubGlobal('indexedDB', undefined);
    const store = new PixelStore({ onWarning: () => {} });
    await expectEmpty(store);
    vi.stubGlobal('indexedDB', new IDBFactory());
    await store.setAsync('a', picture(1));
    expect(await store.getAsync('a')).toEqual(picture(1));
  });

  it('it is empty while it does not answer, and nobody waits twice', async () => {
    const store = new PixelStore();
    await store.setAsync('elf', picture(1));
    const other = new PixelStore();
    const limit = vi.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(AbortSignal.abort());
    let answer = () => {};
    const { open } = IDBFactory.prototype;
    vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(function (this: IDBFactory, ...asked) {
      const request = new EventTarget() as IDBOpenDBRequest;
      answer = () => {
        const opened = open.apply(this, asked);
        opened.onsuccess = () => {
          Object.defineProperty(request, 'result', { value: opened.result });
          request.onsuccess?.(new Event('success'));
        };
      };
      return request;
    });
    onTestFinished(() => void vi.restoreAllMocks());
    expect(await other.getAsync('elf')).toBeNull();
    expect(limit).toHaveBeenCalledWith(2000);
    expect(await other.getAsync('elf')).toBeNull(); // at once
    answer();
    await idle();
    expect(await other.getAsync('elf')).toEqual(picture(1));
  });

  it('a note of reads that fails disturbs nobody', async () => {
    useFakeTimers();
    const onWarning = vi.fn();
    const store = new PixelStore({ onWarning });
    await fill(store, 'a');
    vi.setSystemTime(Date.now() + 10);
    await store.getAsync('a');
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(broken);
    await vi.advanceTimersByTimeAsync(TOUCH_DELAY_MS);
    await idle();
    expect(onWarning).toHaveBeenCalledTimes(1);
    expect(await store.getAsync('a')).toEqual(picture(0));
  });
});

describe('two tabs', () => {
  it('share the store and its limit without corruption', async () => {
    const onWarning = vi.fn();
    const maxBytes = 10 * SIZE;
    const tabs = [new PixelStore({ maxBytes, onWarning }), new PixelStore({ maxBytes, onWarning })];
    const seedOf = (i: number) => (7 * i) % 13;
    const work = Array.from({ length: 120 }, async (_, i) => {
      const tab = tabs[i % 2]!;
      const seed = seedOf(i);
      const sizeBytes = SIZE * (1 + (seed % 3));
      if (i % 3 === 0) {
        const found = await tab.getAsync(`${seed}`);
        if (found) expect(found).toEqual(picture(seed, sizeBytes));
      } else await tab.setAsync(`${seed}`, picture(seed, sizeBytes));
    });
    await Promise.all(work);
    const kept = await keptKeys();
    expect(kept.length).toBeGreaterThan(3);
    expect(await keptKeys('use')).toEqual(kept);
    const sizes = await Promise.all(kept.map(async (key) => (await tabs[0]!.getAsync(key))!.length));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    expect(await get('total', records())).toBe(total);
    expect(total).toBeLessThanOrEqual(maxBytes);
    expect(onWarning).not.toHaveBeenCalled();
  });
});
