import { promisifyRequest, type UseStore } from 'idb-keyval';

/**
 * Does work in one transaction of IndexedDB: either all of it takes effect, or none.
 *
 * @param work must await nothing but requests to `records`; otherwise the transaction ends before the work
 * @throws     the error of `work` or of the transaction, such as a QuotaExceededError
 */
export function transact<Result>(
  useStore: UseStore,
  mode: 'readonly' | 'readwrite',
  work: (records: IDBObjectStore) => Promise<Result>,
): Promise<Result> {
  return useStore(mode, async (records) => {
    const { transaction } = records;
    const ended = endOf(transaction);
    ended.catch(() => {}); // it is awaited below, perhaps only after it has failed
    try {
      const result = await work(records);
      await ended;
      return result;
    } catch (error) {
      abort(transaction);
      await ended.catch(() => {});
      throw transaction.error ?? error; // when one request fails, the others end with errors of their own
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
    // A transaction that has ended already cannot be aborted, and need not be.
  }
}

/** How the pixels of a key were last used. */
export interface PixelUse {
  key: string;
  sizeBytes: number;
  /** Milliseconds since 1970. */
  lastUsedMs: number;
}

/*
 * The records of a store, all untrusted:
 *   ['pixels', key]  Uint8Array
 *   ['use', key]     { sizeBytes, lastUsedMs }
 *   'total'          sum of all sizeBytes; absent when it has to be counted again
 */
const TOTAL_KEY = 'total';
const pixelsKey = (key: string) => ['pixels', key];
const useKey = (key: string) => ['use', key];
/** All records of a kind: IndexedDB orders arrays after all strings. */
const allOf = (kind: 'pixels' | 'use') => IDBKeyRange.bound([kind, ''], [kind, []]);

/** Whether a value is RGBA bytes of at least one pixel. */
export function isRgba(value: unknown): value is Uint8Array<ArrayBuffer> {
  return value instanceof Uint8Array && value.length > 0 && value.length % 4 === 0;
}

function parseUse(key: string, value: unknown): PixelUse | null {
  const { sizeBytes, lastUsedMs } = (value ?? {}) as Partial<PixelUse>;
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes! < 0 || !Number.isFinite(lastUsedMs)) return null;
  return { key, sizeBytes: sizeBytes!, lastUsedMs: lastUsedMs! };
}

/** @returns 'broken' when the records of the key contradict each other or are of another form */
export async function readPixels(
  records: IDBObjectStore,
  key: string,
): Promise<Uint8Array<ArrayBuffer> | 'missing' | 'broken'> {
  const [pixels, value] = await Promise.all([
    promisifyRequest<unknown>(records.get(pixelsKey(key))),
    promisifyRequest<unknown>(records.get(useKey(key))),
  ]);
  if (pixels === undefined && value === undefined) return 'missing';
  return isRgba(pixels) && parseUse(key, value)?.sizeBytes === pixels.length ? pixels : 'broken';
}

export async function readUse(records: IDBObjectStore, key: string): Promise<PixelUse | null> {
  return parseUse(key, await promisifyRequest<unknown>(records.get(useKey(key))));
}

export function writeUse(records: IDBObjectStore, { key, sizeBytes, lastUsedMs }: PixelUse): void {
  records.put({ sizeBytes, lastUsedMs }, useKey(key));
}

export function writePixels(records: IDBObjectStore, key: string, pixels: Uint8Array, lastUsedMs: number): void {
  records.put(pixels, pixelsKey(key));
  writeUse(records, { key, sizeBytes: pixels.length, lastUsedMs });
}

export function deletePixels(records: IDBObjectStore, key: string): void {
  records.delete(pixelsKey(key));
  records.delete(useKey(key));
}

/** @returns null when the total is not known */
export async function readTotalBytes(records: IDBObjectStore): Promise<number | null> {
  const total = await promisifyRequest<unknown>(records.get(TOTAL_KEY));
  return typeof total === 'number' && total >= 0 ? total : null;
}

export function writeTotalBytes(records: IDBObjectStore, totalBytes: number): void {
  records.put(totalBytes, TOTAL_KEY);
}

/** Whoever needs the sum next counts it again. */
export function forgetTotalBytes(records: IDBObjectStore): void {
  records.delete(TOTAL_KEY);
}

/** Lists all uses, in no particular order, and deletes invalid records and pixels without a use. */
export async function listUses(records: IDBObjectStore): Promise<PixelUse[]> {
  const [pixelsKeys, useKeys, values] = await Promise.all([
    promisifyRequest(records.getAllKeys(allOf('pixels'))),
    promisifyRequest(records.getAllKeys(allOf('use'))),
    promisifyRequest<unknown[]>(records.getAll(allOf('use'))),
  ]);
  const orphans = new Set(pixelsKeys.map(keyIn));
  const uses: PixelUse[] = [];
  for (const [i, useKey] of useKeys.entries()) {
    const use = parseUse(keyIn(useKey), values[i]);
    if (use && orphans.delete(use.key)) uses.push(use);
    else records.delete(useKey);
  }
  for (const key of orphans) records.delete(pixelsKey(key));
  return uses;
}

function keyIn(recordKey: IDBValidKey): string {
  return (recordKey as [string, string])[1];
}
