import type { IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';

/** What gets smaller by compression. Weights don't; and what a page measures the progress of stays as it is. */
const COMPRESSIBLE = /^text\/(html|css|javascript)|^application\/wasm/;
/** Below this a packet is as fast without. */
const LEAST_BYTES = 1024;
const packed = new WeakMap<Uint8Array, Uint8Array>();

/** The gzip of a script, a style, a page or a kernel, for a browser that takes it; null for everything else. */
export function compressedFor(request: IncomingMessage, type: string, content: string | Uint8Array): Uint8Array | null {
  if (!COMPRESSIBLE.test(type) || content.length < LEAST_BYTES) return null;
  if (!/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) return null;
  if (typeof content === 'string') return gzipSync(content);
  const known = packed.get(content) ?? gzipSync(content);
  packed.set(content, known);
  return known;
}
