import { createStore, get, keys, promisifyRequest, set, type UseStore } from 'idb-keyval';
import { beforeEach, describe, expect, it } from 'vitest';
import { limitQuota, useIndexedDb } from '../testing/indexedDb.ts';
import {
  deletePixels,
  forgetTotalBytes,
  isRgba,
  listUses,
  readPixels,
  readTotalBytes,
  readUse,
  transact,
  writePixels,
  writeTotalBytes,
  writeUse,
} from './pixelRecords.ts';

useIndexedDb();

const PIXELS = Uint8Array.of(1, 2, 3, 4);
let store: UseStore;
const withRecords = <Result>(work: (records: IDBObjectStore) => Promise<Result>) => transact(store, 'readwrite', work);

beforeEach(async () => {
  store = createStore('figment', 'pixels');
  await withRecords(async (records) => writePixels(records, 'elf', PIXELS, 5));
});

describe('the records of a key', () => {
  it('give back what was written', async () => {
    expect(await withRecords((records) => readPixels(records, 'elf'))).toEqual(PIXELS);
    expect(await withRecords((records) => readUse(records, 'elf'))).toEqual({
      key: 'elf',
      sizeBytes: 4,
      lastUsedMs: 5,
    });
    expect(await withRecords((records) => readPixels(records, 'orc'))).toBe('missing');
    expect(await withRecords((records) => readUse(records, 'orc'))).toBeNull();
  });

  it('go together', async () => {
    await withRecords(async (records) => deletePixels(records, 'elf'));
    expect(await keys(store)).toEqual([]);
  });

  it.each([
    ['no pixels', ['pixels', 'elf'], undefined],
    ['a string', ['pixels', 'elf'], 'abcd'],
    ['plain bytes', ['pixels', 'elf'], new ArrayBuffer(4)],
    ['bytes of another type', ['pixels', 'elf'], Uint8ClampedArray.of(1, 2, 3, 4)],
    ['wider numbers', ['pixels', 'elf'], Uint16Array.of(1, 2, 3, 4)],
    ['an empty array', ['pixels', 'elf'], new Uint8Array(0)],
    ['a part of a pixel', ['pixels', 'elf'], new Uint8Array(3)],
    ['more than was noted', ['pixels', 'elf'], new Uint8Array(8)],
    ['no use', ['use', 'elf'], undefined],
    ['null for the use', ['use', 'elf'], null],
    ['another size', ['use', 'elf'], { sizeBytes: 8, lastUsedMs: 5 }],
    ['a negative size', ['use', 'elf'], { sizeBytes: -4, lastUsedMs: 5 }],
    ['no time', ['use', 'elf'], { sizeBytes: 4 }],
    ['a time that is no number', ['use', 'elf'], { sizeBytes: 4, lastUsedMs: Number.NaN }],
  ])('are broken with %s', async (_, key, value) => {
    await set(key, value, store);
    expect(await withRecords((records) => readPixels(records, 'elf'))).toBe('broken');
  });
});

describe('isRgba', () => {
  it('holds for bytes of whole pixels', () => {
    expect([PIXELS, new Uint8Array(0), new Uint8Array(6), [1, 2, 3, 4], null].map(isRgba)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('the total', () => {
  it.each([undefined, null, 'many', -1, Number.NaN, {}])('is unknown when it is %o', async (value) => {
    await set('total', value, store);
    expect(await withRecords(readTotalBytes)).toBeNull();
  });

  it('is what was written, until it is forgotten', async () => {
    await withRecords(async (records) => writeTotalBytes(records, 0));
    expect(await withRecords(readTotalBytes)).toBe(0);
    await withRecords(async (records) => forgetTotalBytes(records));
    expect(await withRecords(readTotalBytes)).toBeNull();
  });
});

describe('listUses', () => {
  it('gives the uses of all pixels, whatever their key', async () => {
    const names = ['', 'total', 'pixels', '\uffff', 'ünïcode 🙂', 'a'.repeat(500)];
    await withRecords(async (records) => {
      for (const [i, key] of names.entries()) writePixels(records, key, new Uint8Array(4 * (i + 1)), i);
      writeUse(records, { key: 'elf', sizeBytes: 4, lastUsedMs: 9 });
      writeTotalBytes(records, 100);
    });
    const expected = names.map((key, i) => ({ key, sizeBytes: 4 * (i + 1), lastUsedMs: i }));
    const uses = await withRecords(listUses);
    expect(uses).toHaveLength(names.length + 1);
    expect(uses).toEqual(expect.arrayContaining([...expected, { key: 'elf', sizeBytes: 4, lastUsedMs: 9 }]));
    expect(await keys(store)).toHaveLength(2 * uses.length + 1);
  });

  it('deletes what has lost its other half or is broken', async () => {
    await set(['pixels', 'no use'], PIXELS, store);
    await set(['use', 'no pixels'], { sizeBytes: 4, lastUsedMs: 1 }, store);
    await set(['pixels', 'broken'], PIXELS, store);
    await set(['use', 'broken'], 'yesterday', store);
    expect((await withRecords(listUses)).map(({ key }) => key)).toEqual(['elf']);
    expect(await keys(store)).toEqual([
      ['pixels', 'elf'],
      ['use', 'elf'],
    ]);
    expect(await get(['pixels', 'elf'], store)).toEqual(PIXELS);
  });
});

describe('transact', () => {
  beforeEach(() => {
    store = createStore('database', 'store');
  });

  it('keeps all of the work and gives its result', async () => {
    const result = await transact(store, 'readwrite', async (records) => {
      records.put(1, 'a');
      const a = await promisifyRequest<number>(records.get('a'));
      records.put(a + 1, 'b');
      return a + 2;
    });
    expect([result, await get('a', store), await get('b', store)]).toEqual([3, 1, 2]);
  });

  it('keeps nothing when the work throws', async () => {
    await set('a', 1, store);
    const work = async (records: IDBObjectStore) => {
      records.put(2, 'a');
      await promisifyRequest(records.get('a'));
      records.put(() => {}, 'b'); // a function cannot be cloned
    };
    await expect(transact(store, 'readwrite', work)).rejects.toMatchObject({ name: 'DataCloneError' });
    expect([await get('a', store), await get('b', store)]).toEqual([1, undefined]);
  });

  it.each(['request', 'commit'] as const)('throws what it failed with first, at the %s', async (moment) => {
    await set('a', new Uint8Array(4), store);
    limitQuota(4, moment);
    const work = async (records: IDBObjectStore) => {
      records.put(new Uint8Array(8), 'b');
      await promisifyRequest(records.get('a')); // fails with an AbortError
    };
    await expect(transact(store, 'readwrite', work)).rejects.toMatchObject({ name: 'QuotaExceededError' });
    expect(await get('b', store)).toBeUndefined();
  });

  it('throws when something else aborts it', async () => {
    const work = async (records: IDBObjectStore) => {
      records.put(1, 'a');
      records.transaction.abort();
    };
    await expect(transact(store, 'readwrite', work)).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('throws when there is no database', async () => {
    const missing: UseStore = () => Promise.reject(new Error('no database'));
    await expect(transact(missing, 'readonly', async () => 1)).rejects.toThrow('no database');
  });

  it('lets a store be written by one at a time', async () => {
    const increment = (tab: UseStore) =>
      transact(tab, 'readwrite', async (records) => {
        const count = (await promisifyRequest<number | undefined>(records.get('count'))) ?? 0;
        records.put(count + 1, 'count');
      });
    const tabs = [store, createStore('database', 'store')];
    await Promise.all(Array.from({ length: 20 }, (_, i) => increment(tabs[i % 2]!)));
    expect(await get('count', store)).toBe(20);
  });
});
