// Serves the files of one page on localhost.
import { accessSync, constants } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { lookup } from 'mrmime';
import sirv from 'sirv';
import { compressedFor } from './compressed.ts';
import { answeredAsKnown, cacheControlOf } from './siteCaching.ts';
import { UsageError } from './usageError.ts';

export interface SiteOptions {
  /** Content by absolute address (`/page.js`); a function is called when the browser asks for the file. */
  files?: Readonly<Record<string, SiteFile>>;
  /** Folders on disk by the address below which they are served, with its trailing slash (`/models/`). */
  folders?: Readonly<Record<string, string>>;
  /** Send the headers that let a page share memory with its workers (COOP and COEP). */
  crossOriginIsolated?: boolean;
  /** The Content-Security-Policy header, such as `STRICT_CSP`. */
  contentSecurityPolicy?: string;
  /** Let browsers keep files; default: they keep none. A file is fetched again only when it has changed. */
  caching?: boolean;
  /** Another policy for all that lies below an address, by that address with its trailing slash. */
  policiesBelow?: Readonly<Record<string, string>>;
  /** Default: any free port. */
  port?: number;
  /** Makes content when the browser asks for its address; undefined where there is nothing. */
  make?: (address: string) => Promise<string | Uint8Array | undefined>;
  /**
   * Handlers of what the page posts, by address: each gets the body and returns the answer. A site that has any is private:
   * it listens on 127.0.0.1 alone and refuses requests that come from another site.
   */
  posts?: Readonly<Record<string, (body: string) => Promise<string>>>;
  /** Origins of other pages whose requests a private site answers, too, such as `http://localhost:5173`. */
  otherPages?: readonly string[];
}

export type SiteFile = string | Uint8Array | (() => Promise<string | Uint8Array>);

export interface Site {
  /** `http://localhost:…/` */
  url: string;
  close(): Promise<void>;
}

/** For a careful page: it loads its own files alone, no inline code, no eval; WebAssembly may be compiled. */
export const STRICT_CSP = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data: blob:",
  "style-src 'self'",
  "base-uri 'none'",
].join('; ');

/** For pages without secrets that carry inline styles and an inline script: they still load their own files alone. */
export const READING_CSP = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-inline'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "base-uri 'none'",
].join('; ');

const ISOLATION_HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

type FolderHandler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/**
 * Starts a server on localhost, which answers requests to the names localhost and 127.0.0.1 alone: under any other name a
 * foreign page could be asking (DNS rebinding).
 *
 * @throws Error (EADDRINUSE) when the port is taken
 */
export async function serveSite(options: SiteOptions): Promise<Site> {
  const folders = Object.entries(options.folders ?? {}).map(
    ([address, folder]) => [address, folderHandler(folder, options.caching)] as const,
  );
  const server = createServer((request, response) => {
    answer(options, folders, request, response).catch((error) => fail(response, error));
  });
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

/** Serves the files below a folder as they are at the time of the request. */
function folderHandler(folder: string, etag = false): FolderHandler {
  const checkReadable = (_: ServerResponse, file: string) => accessSync(path.join(folder, file), constants.R_OK);
  return sirv(folder, { dev: true, etag, extensions: [], setHeaders: checkReadable });
}

async function answer(
  options: SiteOptions,
  folders: readonly (readonly [address: string, handler: FolderHandler])[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const file = fileAddress(request.url);
  response.setHeaders(headersFor(options, file ?? ''));
  const otherPage = options.otherPages?.find((origin) => origin === request.headers.origin);
  if (otherPage) response.setHeader('Access-Control-Allow-Origin', otherPage);
  if (!isLocalName(request) || (options.posts && !otherPage && !isOwnPage(request))) {
    return refuse(response, 403, 'this site answers its own page alone');
  }
  if (file === undefined) return refuse(response, 400, 'the address is malformed');
  if (request.method === 'POST') return send(response, file, await post(options, file, request));
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'expected GET or POST');
  const { files = {}, make } = options;
  const sendWhereNew = (content: unknown) => {
    const isKnown = options.caching && isContent(content) && answeredAsKnown(request, response, content);
    if (!isKnown) send(response, file, content);
  };
  if (Object.hasOwn(files, file)) {
    const content = files[file]!;
    return sendWhereNew(typeof content === 'function' ? await content() : content);
  }
  response.setHeader('Content-Type', typeOf(file));
  if (folders.some(([address, handler]) => serveFrom(address, handler, file, request, response))) return;
  sendWhereNew(await make?.(file));
}

/** Sends a file from a folder. @returns whether the folder has it */
function serveFrom(
  address: string,
  handler: FolderHandler,
  file: string,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (!file.startsWith(address)) return false;
  let isFound = true;
  request.url = encodeURI(`/${file.slice(address.length)}`);
  handler(request, response, () => {
    isFound = false;
  });
  return isFound;
}

/** The address of the file that a request asks for; undefined when it is malformed. */
function fileAddress(url = '/'): string | undefined {
  try {
    const address = decodeURIComponent(new URL(url, 'http://localhost').pathname);
    return address.endsWith('/') ? `${address}index.html` : address;
  } catch {
    return undefined;
  }
}

function headersFor(options: SiteOptions, file: string): Map<string, string> {
  const { caching, crossOriginIsolated, contentSecurityPolicy, policiesBelow = {} } = options;
  const [, below] = Object.entries(policiesBelow).find(([address]) => file.startsWith(address)) ?? [];
  const policy = below ?? contentSecurityPolicy;
  return new Map([
    ['Cache-Control', caching ? cacheControlOf(file) : 'no-store'],
    ...(crossOriginIsolated ? Object.entries(ISOLATION_HEADERS) : []),
    ...(policy ? [['Content-Security-Policy', policy] as const] : []),
  ]);
}

function typeOf(file: string): string {
  return lookup(file) ?? 'application/octet-stream';
}

function isContent(content: unknown): content is string | Uint8Array {
  return typeof content === 'string' || content instanceof Uint8Array;
}

/** Sends content with its length, which the page's progress bars need; answers 404 where there is no content. */
function send(response: ServerResponse, file: string, content: unknown): void {
  if (!isContent(content)) {
    refuse(response, 404, `${file} is not part of this site`);
    return;
  }
  const type = typeOf(file);
  const compressed = compressedFor(response.req, type, content);
  if (compressed)
    response.setHeaders(
      new Map([
        ['Content-Encoding', compressed.encoding],
        ['Vary', 'Accept-Encoding'],
      ]),
    );
  const body = compressed?.body ?? content;
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': length }).end(body);
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(reason);
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else if (error instanceof UsageError) refuse(response, 400, error.message);
  else refuse(response, 500, String(error));
}

const LOCAL_NAMES = ['127.0.0.1', 'localhost'];

/** Whether the request is for localhost by name; the port may differ where it is forwarded. */
function isLocalName({ headers: { host = '' } }: IncomingMessage): boolean {
  return LOCAL_NAMES.includes(host.replace(/:\d+$/, ''));
}

/**
 * Whether the request comes from this site's own page or is a person following a link, and no other page sends it. Browsers leave
 * out the port where it is 80.
 */
function isOwnPage({ headers, method, socket }: IncomingMessage): boolean {
  const { localPort } = socket;
  const isHere = (name: string) =>
    headers.host === `${name}:${localPort}` || (localPort === 80 && headers.host === name);
  if (!LOCAL_NAMES.some(isHere)) return false;
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
