// What a server tells browsers about keeping files.
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Names as bundlers give them: what the file contains is in its name, so it never changes. */
const HASHED_NAME = /-[A-Z0-9]{8}\.(js|css)$/;

/** The Cache-Control header of a file: it is kept for good where its name says what it contains, else it is asked for each time. */
export function cacheControlOf(address: string): string {
  return HASHED_NAME.test(address) ? 'public, max-age=31536000, immutable' : 'no-cache';
}

/** A short hash of a file's content. */
export function contentHash(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('base64url').slice(0, 16);
}

/** Answers 304 where the browser has this content already. @returns whether it has */
export function answeredAsKnown(
  request: IncomingMessage,
  response: ServerResponse,
  content: string | Uint8Array,
): boolean {
  const etag = `W/"${contentHash(content)}"`; // weak: the same compressed or not
  response.setHeader('ETag', etag);
  if (request.headers['if-none-match'] !== etag) return false;
  response.writeHead(304).end();
  return true;
}
