import type { IncomingMessage } from 'node:http';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** What gets smaller by compression. Weights don't; and what a page measures the progress of stays as it is. */
const COMPRESSIBLE = /^text\/(html|css|javascript)|^application\/wasm/;
/** Below this a packet is as fast without. */
const LEAST_BYTES = 1024;

/** A quality that is about as quick as gzip, while files still get smaller than by gzip. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } };

/** The encodings by the names that browsers give them, the one that packs tighter first. */
const ENCODINGS = {
  br: (content: string | Uint8Array): Uint8Array => brotliCompressSync(content, BROTLI),
  gzip: (content: string | Uint8Array): Uint8Array => gzipSync(content),
};
type Encoding = keyof typeof ENCODINGS;

const packed = { br: new WeakMap<Uint8Array, Uint8Array>(), gzip: new WeakMap<Uint8Array, Uint8Array>() };

/** A script, a style, a page or a kernel, compressed as the browser likes it best; null for everything else. */
export function compressedFor(
  request: IncomingMessage,
  type: string,
  content: string | Uint8Array,
): { encoding: Encoding; body: Uint8Array } | null {
  if (!COMPRESSIBLE.test(type) || content.length < LEAST_BYTES) return null;
  const accepted = String(request.headers['accept-encoding'] ?? '');
  const encoding = (Object.keys(ENCODINGS) as Encoding[]).find((name) => new RegExp(`\\b${name}\\b`).test(accepted));
  if (!encoding) return null;
  if (typeof content === 'string') return { encoding, body: ENCODINGS[encoding](content) };
  const body = packed[encoding].get(content) ?? ENCODINGS[encoding](content);
  packed[encoding].set(content, body);
  return { encoding, body };
}
