import { IDBFactory, IDBKeyRange, IDBObjectStore } from 'fake-indexeddb';
import { afterEach, beforeEach, vi } from 'vitest';

/** Gives each test of the file an IndexedDB of its own, in memory, empty. */
export function useIndexedDb(): void {
  beforeEach(() => {
    vi.stubGlobal('indexedDB', new IDBFactory());
    vi.stubGlobal('IDBKeyRange', IDBKeyRange);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });
}

/** What the library hides of an object store. */
interface RawObjectStore {
  _rawObjectStore: { getAllValues(): unknown[] };
  transaction: {
    _abort(errorName: string): void;
    _requests: { operation: () => unknown }[];
  };
}

/**
 * Lets a store hold so many bytes of typed arrays, until the test ends.
 *
 * @param moment when a browser notices: at the request, which fails, or only when the transaction is to be kept
 * @returns      a spy on all puts
 */
export function limitQuota(quotaBytes: number, moment: 'request' | 'commit') {
  const put = IDBObjectStore.prototype.put;
  return vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, ...args) {
    const request = put.apply(this, args);
    const { _rawObjectStore: store, transaction } = this as unknown as RawObjectStore;
    const queued = transaction._requests.at(-1)!;
    const { operation } = queued;
    queued.operation = () => {
      const result = operation();
      const sizes = store.getAllValues().map((value) => (value instanceof Uint8Array ? value.buffer.byteLength : 0));
      const isFull = sizes.reduce((sum, size) => sum + size, 0) > quotaBytes;
      if (isFull && moment === 'request') throw new DOMException('', 'QuotaExceededError');
      if (isFull) transaction._abort('QuotaExceededError');
      return result;
    };
    return request;
  });
}
