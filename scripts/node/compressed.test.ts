import type { IncomingMessage } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compressedFor } from './compressed.ts';

const from = (accepted?: string) => ({ headers: { 'accept-encoding': accepted } }) as unknown as IncomingMessage;
const script = new TextEncoder().encode('export const answer = 42;\n'.repeat(100));

describe('compressedFor', () => {
  it.each([
    ['gzip, deflate, br, zstd', 'br', brotliDecompressSync],
    ['gzip, deflate', 'gzip', gunzipSync],
  ] as const)('of "%s" takes %s, which gives the same bytes', (accepted, encoding, unpack) => {
    for (const content of [script, new TextDecoder().decode(script)]) {
      const compressed = compressedFor(from(accepted), 'text/javascript', content)!;
      expect(compressed.encoding).toBe(encoding);
      expect(compressed.body.length).toBeLessThan(script.length / 10);
      expect(new Uint8Array(unpack(compressed.body))).toEqual(script);
    }
  });

  it('compresses a file once', () => {
    const [first, again] = [1, 2].map(() => compressedFor(from('br'), 'text/javascript', script));
    expect(again!.body).toBe(first!.body);
  });

  it.each([
    ['weights', 'br', 'application/octet-stream', script],
    ['what is small', 'br', 'text/javascript', script.subarray(0, 1000)],
    ['for a browser that takes none', undefined, 'text/javascript', script],
  ])('leaves %s as it is', (_, accepted, type, content) => {
    expect(compressedFor(from(accepted), type, content)).toBeNull();
  });
});
