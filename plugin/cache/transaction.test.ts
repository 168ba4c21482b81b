import { createStore, get, promisifyRequest, set, type UseStore } from 'idb-keyval';
import { beforeEach, describe, expect, it } from 'vitest';
import { limitQuota, useIndexedDb } from '../testing/indexedDb.ts';
import { transact } from './transaction.ts';

useIndexedDb();

let store: UseStore;

beforeEach(() => {
  store = createStore('database', 'store');
});

describe('transact', () => {
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
