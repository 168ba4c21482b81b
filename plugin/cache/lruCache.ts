export interface LruCacheOptions<Value> {
  /** The largest sum of sizes that it holds. */
  maxBytes: number;
  /** Frees a value that leaves the cache because it is evicted, replaced, deleted or cleared. It must not throw. */
  onEvict?: (value: Value) => void;
}

interface Entry<Value> {
  value: Value;
  sizeBytes: number;
}

/**
 * Holds values up to a limit of bytes, and evicts the least recently used first.
 *
 * The cache owns the values that `set` accepted, and gives each to `onEvict` once, when it leaves. A value must therefore be
 * in one cache only, under one key. `get` lends a value: a later `set` may evict it.
 */
export class LruCache<Value> {
  /** The least recently used comes first. */
  private readonly entries = new Map<string, Entry<Value>>();
  private totalBytes = 0;

  /** @throws RangeError when the limit is negative or NaN */
  constructor(private readonly options: LruCacheOptions<Value>) {
    if (options.maxBytes >= 0) return;
    throw new RangeError(`LruCache: maxBytes is ${options.maxBytes}; expected a limit from 0 on`);
  }

  /** The sum of the sizes of its values. */
  get sizeBytes(): number {
    return this.totalBytes;
  }

  /** Returns a value, which is then the most recently used. */
  get(key: string): Value | undefined {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.value;
  }

  /**
   * Stores a value in place of an earlier one of the key, and evicts others as far as needed.
   *
   * @param sizeBytes whole number from 0 on
   * @returns false when the value alone exceeds the limit. It then stays the caller's, but the earlier value is gone
   * @throws  RangeError when `sizeBytes` is no such number; the value stays the caller's, the cache as it was
   */
  set(key: string, value: Value, sizeBytes: number): boolean {
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) {
      throw new RangeError(`LruCache: the size of "${key}" is ${sizeBytes} bytes; expected a whole number from 0 on`);
    }
    const { maxBytes, onEvict } = this.options;
    const previous = this.take(key);
    const fits = sizeBytes <= maxBytes;
    if (fits) {
      this.entries.set(key, { value, sizeBytes });
      this.totalBytes += sizeBytes;
    }
    if (previous && previous.value !== value) onEvict?.(previous.value);
    while (this.totalBytes > maxBytes) this.delete(this.entries.keys().next().value!);
    return fits;
  }

  /** Frees the value of a key; false when there is none. */
  delete(key: string): boolean {
    const entry = this.take(key);
    if (entry) this.options.onEvict?.(entry.value);
    return entry !== undefined;
  }

  /** Frees all values. */
  clear(): void {
    for (const key of [...this.entries.keys()]) this.delete(key);
  }

  private take(key: string): Entry<Value> | undefined {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    this.entries.delete(key);
    this.totalBytes -= entry.sizeBytes;
    return entry;
  }
}
