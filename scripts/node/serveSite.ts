// Serves the files of one page on localhost.
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { UsageError } from './usageError.ts';

export interface SiteOptions {
  /** Content by absolute address (`/page.js`); a function is called when the browser asks for the file. */
  files?: Readonly<Record<string, SiteFile>>;
  /** Folders on disk by the address that begins theirs, with its trailing slash (`/models/`). */
  folders?: Readonly<Record<string, string>>;
  /** Send the headers that let a page share memory with its workers (COOP and COEP). */
  crossOriginIsolated?: boolean;
  /** The Content-Security-Policy header, such as `STRICT_CSP`. */
  contentSecurityPolicy?: string;
  /** Another one for what lies below an address, by that address with its trailing slash. */
  policiesBelow?: Readonly<Record<string, string>>;
  /** Default: any that is free. */
  port?: number;
  /** What is made when the browser asks for it, by address; undefined where there is nothing. */
  make?: (address: string) => Promise<string | Uint8Array | undefined>;
  /**
   * What becomes of what the page sends, by address: gives the answer. With it the site is private: it listens on 127.0.0.1
   * alone, and refuses whoever asks under another name (DNS rebinding) or from another site.
   */
  posts?: Readonly<Record<string, (body: string) => Promise<string>>>;
}

export type SiteFile = string | Uint8Array | (() => Promise<string | Uint8Array>);

export interface Site {
  /** `http://localhost:…/` */
  url: string;
  close(): Promise<void>;
}

/** What a careful page sends: its own files alone, no inline code, no eval; WebAssembly may be compiled. */
export const STRICT_CSP = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data: blob:",
  "style-src 'self'",
  "base-uri 'none'",
].join('; ');

/** For pages without secrets that carry styles and a script of their own making: still their own files alone. */
export const READING_CSP = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-inline'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "base-uri 'none'",
].join('; ');

const ISOLATION_HEADERS: OutgoingHttpHeaders = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

const MIME_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/** Starts serving; a page may ask for nothing but these files. @throws Error (EADDRINUSE) when the port is taken */
export async function serveSite(options: SiteOptions): Promise<Site> {
  const headers: OutgoingHttpHeaders = {
    'Cache-Control': 'no-store',
    ...(options.crossOriginIsolated ? ISOLATION_HEADERS : {}),
    ...(options.contentSecurityPolicy ? { 'Content-Security-Policy': options.contentSecurityPolicy } : {}),
  };
  const server = createServer((request, response) => void answer(options, headers, request, response));
  const host = options.posts ? '127.0.0.1' : 'localhost';
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(options.port ?? 0, host, resolve));
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  options: SiteOptions,
  headers: OutgoingHttpHeaders,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    if (options.posts && !isOwnPage(request)) {
      response.writeHead(403, headers).end('this site answers its own page alone');
      return;
    }
    const address = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    const file = address.endsWith('/') ? `${address}index.html` : address;
    const content = request.method === 'POST' ? await post(options, file, request) : await find(options, file);
    if (content === undefined) {
      response.writeHead(404, headers).end(`${file} is not part of this site`);
      return;
    }
    const type = MIME_TYPES[path.extname(file)] ?? 'application/octet-stream';
    response.writeHead(200, { ...headers, ...policyBelow(options, file), 'Content-Type': type }).end(content);
  } catch (error) {
    response
      .writeHead(error instanceof UsageError ? 400 : 500, headers)
      .end(error instanceof UsageError ? error.message : String(error));
  }
}

function policyBelow({ policiesBelow = {} }: SiteOptions, file: string): OutgoingHttpHeaders {
  const found = Object.entries(policiesBelow).find(([address]) => file.startsWith(address));
  return found ? { 'Content-Security-Policy': found[1] } : {};
}

/** Whether the browser has this site open under its own name, and no other page asks through it; a link may lead to it. */
function isOwnPage({ headers, method, socket }: IncomingMessage): boolean {
  const names = ['127.0.0.1', 'localhost'].map((name) => `${name}:${socket.localPort}`);
  if (!headers.host || !names.includes(headers.host)) return false;
  const site = headers['sec-fetch-site'];
  const isLink = method === 'GET' && headers['sec-fetch-mode'] === 'navigate';
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isLink) return false;
  const origin = headers.origin ?? (method === 'POST' ? 'none' : undefined);
  return origin === undefined || origin === `http://${headers.host}`;
}

const MAX_POST_BYTES = 10_000_000;

async function post({ posts }: SiteOptions, file: string, request: IncomingMessage): Promise<string | undefined> {
  if (!posts || !Object.hasOwn(posts, file)) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_POST_BYTES) throw new UsageError(`expected at most ${MAX_POST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return posts[file]!(Buffer.concat(chunks).toString('utf8'));
}

async function find({ files, folders, make }: SiteOptions, file: string): Promise<string | Uint8Array | undefined> {
  const made = files?.[file];
  if (made !== undefined) return typeof made === 'function' ? made() : made;
  for (const [address, folder] of Object.entries(folders ?? {})) {
    if (!file.startsWith(address)) continue;
    const onDisk = path.join(folder, file.slice(address.length));
    if (!onDisk.startsWith(path.join(folder, path.sep))) continue;
    const content = await readFile(onDisk).catch(() => undefined);
    if (content) return content;
  }
  return make?.(file);
}
