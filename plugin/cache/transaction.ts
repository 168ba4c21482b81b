import type { UseStore } from 'idb-keyval';

/**
 * Does work in one transaction of IndexedDB: either all of it is kept, or nothing.
 *
 * @param work awaits nothing but requests to `records`: else the transaction ends before the work
 * @throws     what `work` threw, or what the transaction failed with, such as a QuotaExceededError
 */
export function transact<Result>(
  useStore: UseStore,
  mode: 'readonly' | 'readwrite',
  work: (records: IDBObjectStore) => Promise<Result>,
): Promise<Result> {
  return useStore(mode, async (records) => {
    const { transaction } = records;
    const ended = endOf(transaction);
    ended.catch(() => {}); // awaited below, perhaps only after it has failed
    try {
      const result = await work(records);
      await ended;
      return result;
    } catch (error) {
      abort(transaction);
      await ended.catch(() => {});
      throw transaction.error ?? error; // a request that fails ends the others with errors of their own
    }
  });
}

function endOf(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () =>
      reject(transaction.error ?? new DOMException('transact: the transaction was aborted', 'AbortError'));
  });
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // it has ended already
  }
}
