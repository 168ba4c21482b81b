import { createStore, type UseStore } from 'idb-keyval';
import { untilAborted } from '../untilAborted.ts';
import {
  deletePixels,
  forgetTotalBytes,
  isRgba,
  listUses,
  type PixelUse,
  readPixels,
  readTotalBytes,
  readUse,
  transact,
  writePixels,
  writeTotalBytes,
  writeUse,
} from './pixelRecords.ts';

export interface PixelStoreOptions {
  /** The most bytes of all pixels of the site together, as this store writes them, without what IndexedDB adds. */
  maxBytes?: number;
  /** Called at most once, when IndexedDB does not work. */
  onWarning?: (message: string) => void;
}

export const PIXEL_STORE_DEFAULTS: Required<PixelStoreOptions> = {
  maxBytes: 64 * 1024 * 1024,
  onWarning: (message) => console.warn(message),
};

/** Eviction frees space down to this share of the limit, so that not every write has to look through all entries. */
const FILL_AFTER_EVICTION = 7 / 8;
/** How long a picture waits for the store. */
const ANSWER_LIMIT_MS = 2000;
/** The times of reads are written together, this long after the first read. */
const TOUCH_DELAY_MS = 1000;
/** Uses within the same millisecond still get different times, in their order. */
const TIME_STEP_MS = 1e-3;

/**
 * Stores finished pictures in IndexedDB from visit to visit, up to a limit; the least recently used are deleted first.
 *
 *   const store = new PixelStore({ maxBytes: 16 * 1024 * 1024 });
 *   const pixels = (await store.getAsync(key)) ?? (await paint());
 *
 * The store only saves time, so none of its methods rejects: where IndexedDB is missing or broken, the store is empty, and so it is
 * while it does not answer, as when a page deletes the database of a tab that has it open. Each
 * change is one transaction, so that the tabs of one site can share the store. All stores of a site are that one: each write
 * brings it down to the limit of the store that writes.
 */
export class PixelStore {
  private readonly options: Required<PixelStoreOptions>;
  private readonly useStore: UseStore = createStore('figment', 'pixels');
  /** When pixels were last read, by key, for reads that are not yet written to the store. */
  private readonly touched = new Map<string, number>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lastTimeMs = 0;
  private hasWarned = false;
  /** The reads that have not been answered in time. */
  private numUnanswered = 0;

  /** @throws RangeError when `maxBytes` is negative or NaN */
  constructor(options: PixelStoreOptions = {}) {
    const { maxBytes = PIXEL_STORE_DEFAULTS.maxBytes, onWarning = PIXEL_STORE_DEFAULTS.onWarning } = options;
    this.options = { maxBytes, onWarning };
    if (!(maxBytes >= 0)) throw new RangeError(`PixelStore: maxBytes is ${maxBytes}; expected a number from 0 on`);
  }

  /**
   * @param sizeBytes the size that the pixels must have, if known; an entry of another size is deleted
   * @returns         RGBA bytes, which belong to the caller; null when there are none
   */
  async getAsync(key: string, sizeBytes?: number): Promise<Uint8Array<ArrayBuffer> | null> {
    if (this.numUnanswered > 0) return null;
    const reading = this.readAsync(key, sizeBytes);
    return untilAborted(reading, AbortSignal.timeout(ANSWER_LIMIT_MS)).catch(() => {
      this.numUnanswered++; // until it comes after all, nobody else waits
      void reading.finally(() => this.numUnanswered--);
      return null;
    });
  }

  private readAsync(key: string, sizeBytes?: number): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.attemptAsync(async () => {
      const found = await transact(this.useStore, 'readonly', (records) => readPixels(records, key));
      if (found === 'missing') return null;
      if (found !== 'broken' && found.length === (sizeBytes ?? found.length)) {
        this.touch(key);
        return found;
      }
      await transact(this.useStore, 'readwrite', async (records) => {
        deletePixels(records, key);
        forgetTotalBytes(records);
      });
      return null;
    }, null);
  }

  /**
   * Stores a copy of the pixels in place of earlier ones of the key. When the site's quota is full, the older half of the
   * entries is deleted. Pixels are not stored when they are larger than `maxBytes`, are not RGBA, or still do not fit.
   */
  async setAsync(key: string, pixels: Uint8Array): Promise<void> {
    if (!isRgba(pixels) || pixels.length > this.options.maxBytes) return;
    const copy = pixels.slice(); // IndexedDB would store the whole buffer of a view
    await this.attemptAsync(async () => {
      try {
        await this.writeAsync(key, copy);
      } catch (error) {
        if (!isQuotaExceeded(error)) throw error;
        await this.dropOldestHalfAsync();
        await this.writeAsync(key, copy);
      }
    }, undefined);
  }

  /** Does work whose failure is no error. The first failure gives a warning, unless the quota is full. */
  private async attemptAsync<Result>(work: () => Promise<Result>, otherwise: Result): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (!isQuotaExceeded(error) && !this.hasWarned) {
        this.hasWarned = true;
        this.options.onWarning(
          `PixelStore: IndexedDB does not work here (${error}); pictures are painted again at each visit unless site data is allowed`,
        );
      }
      return otherwise;
    }
  }

  private async writeAsync(key: string, pixels: Uint8Array): Promise<void> {
    await transact(this.useStore, 'readwrite', async (records) => {
      const noted = await readTotalBytes(records);
      const othersBytes =
        noted === null
          ? sumBytes(await listUses(records), key)
          : noted - ((await readUse(records, key))?.sizeBytes ?? 0);
      const exceeds = othersBytes + pixels.length > this.options.maxBytes;
      const keptBytes = exceeds ? await this.evict(records, key, pixels.length) : othersBytes;
      writePixels(records, key, pixels, this.now());
      writeTotalBytes(records, keptBytes + pixels.length);
    });
  }

  /** Deletes old entries until `sizeBytes` fit, and some more. @returns the bytes of all entries but `key` afterwards */
  private async evict(records: IDBObjectStore, key: string, sizeBytes: number): Promise<number> {
    const others = (await this.oldestFirst(records)).filter((use) => use.key !== key);
    let othersBytes = sumBytes(others, key);
    for (const use of others) {
      if (othersBytes + sizeBytes <= this.options.maxBytes * FILL_AFTER_EVICTION) break;
      deletePixels(records, use.key);
      othersBytes -= use.sizeBytes;
    }
    return othersBytes;
  }

  private async dropOldestHalfAsync(): Promise<void> {
    await transact(this.useStore, 'readwrite', async (records) => {
      const uses = await this.oldestFirst(records);
      for (const { key } of uses.slice(0, Math.ceil(uses.length / 2))) deletePixels(records, key);
      forgetTotalBytes(records);
    });
  }

  /** All uses, the oldest first, with the reads that are not written yet. */
  private async oldestFirst(records: IDBObjectStore): Promise<PixelUse[]> {
    const lastUsedMs = (use: PixelUse) => Math.max(use.lastUsedMs, this.touched.get(use.key) ?? 0);
    return (await listUses(records)).sort((a, b) => lastUsedMs(a) - lastUsedMs(b));
  }

  private touch(key: string): void {
    this.touched.set(key, this.now());
    this.timer ??= setTimeout(() => void this.noteTouchedAsync(), TOUCH_DELAY_MS);
  }

  private async noteTouchedAsync(): Promise<void> {
    this.timer = undefined;
    const touched = [...this.touched];
    this.touched.clear();
    const note = async (records: IDBObjectStore) => {
      const uses = await Promise.all(touched.map(([key]) => readUse(records, key)));
      for (const [i, use] of uses.entries()) {
        const lastUsedMs = touched[i]![1];
        if (use && use.lastUsedMs < lastUsedMs) writeUse(records, { ...use, lastUsedMs });
      }
    };
    await this.attemptAsync(() => transact(this.useStore, 'readwrite', note), undefined);
  }

  private now(): number {
    this.lastTimeMs = Math.max(Date.now(), this.lastTimeMs + TIME_STEP_MS);
    return this.lastTimeMs;
  }
}

function sumBytes(uses: PixelUse[], exceptKey: string): number {
  return uses.reduce((sum, { key, sizeBytes }) => sum + (key === exceptKey ? 0 : sizeBytes), 0);
}

function isQuotaExceeded(error: unknown): boolean {
  return (error as { name?: unknown } | null)?.name === 'QuotaExceededError';
}
