import { describe, expect, it, vi } from 'vitest';
import { LruCache } from './lruCache.ts';

/** A cache of ten bytes and the list of what it freed. */
function createCache(options: { maxBytes?: number } = {}) {
  const evicted: string[] = [];
  const cache = new LruCache<string>({ maxBytes: 10, ...options, onEvict: (value) => evicted.push(value) });
  return { cache, evicted };
}

describe('LruCache', () => {
  it('gives what it was given, and undefined for the rest', () => {
    const { cache, evicted } = createCache();
    expect(cache.set('a', 'A', 4)).toBe(true);
    expect(cache.set('b', 'B', 6)).toBe(true);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual(['A', 'B', undefined]);
    expect([cache.sizeBytes, evicted]).toEqual([10, []]);
  });

  it('evicts the least recently used, as many as it takes', () => {
    const { cache, evicted } = createCache();
    for (const key of ['a', 'b', 'c', 'd', 'e']) cache.set(key, key.toUpperCase(), 2);
    cache.get('a');
    cache.set('b', 'B', 2);
    expect(cache.set('f', 'F', 4)).toBe(true);
    expect(evicted).toEqual(['C', 'D']);
    expect(['a', 'b', 'c', 'd', 'e', 'f'].filter((key) => cache.get(key))).toEqual(['a', 'b', 'e', 'f']);
    expect(cache.sizeBytes).toBe(10);
  });

  it('takes a value that fills it alone', () => {
    const { cache, evicted } = createCache();
    cache.set('a', 'A', 1);
    expect(cache.set('b', 'B', 10)).toBe(true);
    expect([evicted, cache.sizeBytes]).toEqual([['A'], 10]);
  });

  it('leaves a value that is too large to its caller, and the others in place', () => {
    const { cache, evicted } = createCache();
    cache.set('a', 'A', 4);
    expect(cache.set('b', 'B', 11)).toBe(false);
    expect([cache.get('a'), cache.get('b'), cache.sizeBytes, evicted]).toEqual(['A', undefined, 4, []]);
    const empty = createCache({ maxBytes: 0 });
    expect(empty.cache.set('a', 'A', 1)).toBe(false);
    expect([empty.cache.get('a'), empty.cache.sizeBytes, empty.evicted]).toEqual([undefined, 0, []]);
  });

  it('frees a value that another replaces, also one that is too large', () => {
    const { cache, evicted } = createCache();
    cache.set('a', 'old', 4);
    cache.set('a', 'new', 5);
    expect([evicted, cache.get('a'), cache.sizeBytes]).toEqual([['old'], 'new', 5]);
    expect(cache.set('a', 'huge', 11)).toBe(false);
    expect([evicted, cache.get('a'), cache.sizeBytes]).toEqual([['old', 'new'], undefined, 0]);
  });

  it('takes the same value again with another size and does not free it', () => {
    const { cache, evicted } = createCache();
    cache.set('a', 'A', 4);
    expect(cache.set('a', 'A', 6)).toBe(true);
    expect([evicted, cache.sizeBytes]).toEqual([[], 6]);
    expect(cache.set('a', 'A', 11)).toBe(false);
    expect([evicted, cache.get('a'), cache.sizeBytes]).toEqual([[], undefined, 0]);
  });

  it('frees what is deleted or cleared, once', () => {
    const { cache, evicted } = createCache();
    for (const key of ['a', 'b', 'c']) cache.set(key, key.toUpperCase(), 2);
    expect([cache.delete('b'), cache.delete('b')]).toEqual([true, false]);
    expect([evicted, cache.sizeBytes]).toEqual([['B'], 4]);
    cache.clear();
    cache.clear();
    expect([evicted, cache.get('a'), cache.sizeBytes]).toEqual([['B', 'A', 'C'], undefined, 0]);
    expect(cache.set('a', 'A', 10)).toBe(true);
  });

  it('has forgotten a value when it is freed', () => {
    const onEvict = vi.fn(() => {
      expect(cache.get('a')).toBeUndefined();
      expect(cache.sizeBytes).toBeLessThanOrEqual(10);
    });
    const cache = new LruCache<string>({ maxBytes: 10, onEvict });
    cache.set('a', 'A', 10);
    cache.delete('a');
    expect(onEvict).toHaveBeenCalledTimes(1);
  });

  it('works without a listener', () => {
    const cache = new LruCache<string>({ maxBytes: 1 });
    cache.set('a', 'A', 1);
    cache.set('b', 'B', 1);
    expect([cache.get('a'), cache.get('b')]).toEqual([undefined, 'B']);
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses the size %d and stays as it was', (sizeBytes) => {
    const { cache, evicted } = createCache();
    cache.set('a', 'A', 4);
    expect(() => cache.set('a', 'B', sizeBytes)).toThrow(/the size of "a" is .* expected a whole number/);
    expect([cache.get('a'), cache.sizeBytes, evicted]).toEqual(['A', 4, []]);
  });

  it.each([{ maxBytes: -1 }, { maxBytes: Number.NaN }])('refuses %o', (options) => {
    expect(() => createCache(options)).toThrow(/LruCache: maxBytes is .*expected a limit from 0 on/);
  });
});
