import { MissingFileError, ModelFileError } from '../core/errors.ts';
import { fetchFile } from './fetchFile.ts';
import { keepBeginning, keptBeginning } from './keptBeginnings.ts';
import { checkModelPath, type ModelSource, maxBytesOf, type ReadOptions } from './modelSource.ts';

export interface UrlSourceOptions {
  /** What fetches the files; default: the platform's own, which in Node reads `file:` addresses, too. */
  fetch?: typeof fetch;
  /** How long to wait without a byte; default 30 s. */
  timeoutMs?: number;
  /** How often to try again after a network error, a timeout, an answer cut off, or status 408, 429 or 5xx; default 2. */
  numRetries?: number;
  /** The pause before the first retry, which doubles each time; default 250 ms. A server that says how long to wait is waited for, 30 s at most. */
  retryDelayMs?: number;
  /** The largest file that is read to its end; default 2³¹ bytes. JSON may have ten million at most. */
  maxFileBytes?: number;
}

export const URL_SOURCE_DEFAULTS: Required<Omit<UrlSourceOptions, 'fetch'>> = {
  timeoutMs: 30_000,
  numRetries: 2,
  retryDelayMs: 250,
  maxFileBytes: 2 ** 31,
};

/**
 * A model folder at an address, such as `/assets/models/portraits`. Sends no credentials. The browser asks the server whether a file that
 * it keeps is still the same, so that files of a model that was replaced never meet those of its successor.
 * @param baseUrl absolute, or relative to the page; in Node it may be one of the disk, such as `file:///models/portraits`
 * @throws RangeError when the address is not that of a folder: it has a query, a fragment, a user or a password
 */
export function urlSource(baseUrl: string, options: UrlSourceOptions = {}): ModelSource {
  if (/[?#]/.test(baseUrl) || /^[a-z]+:\/\/[^/]*@/i.test(baseUrl)) {
    throw new RangeError('urlSource: expected the address of a folder, without query, fragment, user or password');
  }
  const name = baseUrl.replace(/^(.*[^/])?\/*$/s, '$1'); // `/\/+$/` takes as long as the square of the slashes
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings: Settings = { ...URL_SOURCE_DEFAULTS, ...Object.fromEntries(given) };
  return {
    name,
    async read(path, readOptions = {}) {
      checkModelPath(path, name);
      const maxFileBytes = maxBytesOf(path, settings.maxFileBytes);
      const read = () => readWithRetries(`${name}/${path}`, { ...settings, maxFileBytes }, readOptions);
      return readOptions.beginning ? readOrKeep(readOptions.beginning, read, readOptions) : read();
    },
  };
}

/** What an earlier visit has kept, or else what is read now. */
async function readOrKeep(
  { sha256 }: NonNullable<ReadOptions['beginning']>,
  read: () => Promise<Uint8Array>,
  { signal, onProgress }: ReadOptions,
): Promise<Uint8Array> {
  const kept = await keptBeginning(sha256);
  signal?.throwIfAborted();
  if (kept) {
    onProgress?.(kept.length, kept.length);
    return kept;
  }
  const bytes = await read();
  void keepBeginning(sha256, bytes);
  return bytes;
}

type Settings = typeof URL_SOURCE_DEFAULTS & UrlSourceOptions & { headers?: Record<string, string> };

/** A failure that may pass when the file is asked for again. */
class TransientError extends ModelFileError {
  /** How long the server asks to wait before that. */
  waitMs = 0;
}

/** A server may ask for a longer pause than a page would wait. */
const LONGEST_WAIT_MS = 30_000;

async function readWithRetries(url: string, settings: Settings, options: ReadOptions): Promise<Uint8Array> {
  if (options.beginning) {
    const headers = { Range: `bytes=0-${options.beginning.bytes - 1}` };
    const part = await readOnce(url, { ...settings, headers }, options).catch(() => null);
    if (part) return part; // else a server may not take this header, of whose whole answer the beginning is cut
  }
  for (let attempt = 0; ; attempt++) {
    try {
      return await readOnce(url, settings, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof TransientError)) throw error;
      if (attempt >= settings.numRetries)
        throw new ModelFileError('urlSource', url, `${error.problem}; try again later`);
      const askedMs = Math.min(error.waitMs, LONGEST_WAIT_MS);
      await wait(Math.max(settings.retryDelayMs * 2 ** attempt, askedMs), options.signal);
    }
  }
}

/** A timer of more milliseconds would end at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** One request, under a signal that also fires when no byte comes for `timeoutMs`. */
async function readOnce(url: string, settings: Settings, options: ReadOptions): Promise<Uint8Array> {
  options.signal?.throwIfAborted();
  const controller = new AbortController();
  const abort = () => controller.abort();
  options.signal?.addEventListener('abort', abort);
  const startTimer = () => (settings.timeoutMs <= MAX_TIMER_MS ? setTimeout(abort, settings.timeoutMs) : undefined);
  let timer = startTimer();
  const onByte = () => {
    clearTimeout(timer);
    timer = startTimer();
  };
  try {
    const { fetch = fetchFile, headers } = settings;
    const { signal } = controller;
    const response = await fetch(url, { credentials: 'omit', cache: 'no-cache', headers, signal });
    checkStatus(url, response);
    return await readBody(url, response, settings.maxFileBytes, onByte, options);
  } catch (error) {
    if (error instanceof ModelFileError) throw error;
    const reason = controller.signal.aborted
      ? `no byte came for ${settings.timeoutMs} ms`
      : `the request failed (${error})`;
    throw new TransientError('urlSource', url, reason);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', abort);
    controller.abort(); // lets go of a body that was not read to its end
  }
}

function checkStatus(url: string, response: Response): void {
  const { status } = response;
  if (status === 404 || status === 410)
    throw new MissingFileError('urlSource', url, `there is no such file (${status})`);
  if (status === 403) {
    // Storage whose folders nobody may list answers so for what it does not have.
    throw new MissingFileError('urlSource', url, 'there is no such file, or it may not be read (status 403)');
  }
  if (status >= 500 || status === 429 || status === 408) {
    const error = new TransientError('urlSource', url, `the server answered with status ${status}`);
    const seconds = Number(response.headers.get('retry-after')); // of a date NaN
    error.waitMs = seconds > 0 ? 1000 * seconds : 0;
    throw error;
  }
  if (!response.ok)
    throw new ModelFileError('urlSource', url, `the server answered with status ${status}, expected 200`);
  if (response.headers.get('content-type')?.startsWith('text/html')) {
    // Development servers answer so, with status 200, for what they do not have.
    throw new MissingFileError('urlSource', url, 'there is no such file (the server answered with a web page)');
  }
}

async function readBody(
  url: string,
  response: Response,
  maxFileBytes: number,
  onByte: () => void,
  { beginning, onProgress }: ReadOptions,
): Promise<Uint8Array> {
  const firstBytes = beginning?.bytes ?? Number.POSITIVE_INFINITY;
  const sentBytes = contentLength(response);
  const totalBytes = sentBytes === undefined ? undefined : Math.min(sentBytes, firstBytes);
  if ((totalBytes ?? 0) > maxFileBytes)
    throw new ModelFileError('urlSource', url, `is larger than ${maxFileBytes} bytes`);
  const chunks: Uint8Array[] = [];
  let loadedBytes = 0;
  for (const reader = response.body?.getReader(); reader && loadedBytes < firstBytes; ) {
    const { done, value } = await reader.read();
    if (done) break;
    onByte();
    const wanted = value.subarray(0, firstBytes - loadedBytes);
    chunks.push(wanted);
    loadedBytes += wanted.length;
    if (loadedBytes > maxFileBytes) throw new ModelFileError('urlSource', url, `is larger than ${maxFileBytes} bytes`);
    onProgress?.(loadedBytes, totalBytes !== undefined && loadedBytes <= totalBytes ? totalBytes : undefined);
  }
  checkLength(url, response, loadedBytes, totalBytes);
  return concatenate(chunks, loadedBytes);
}

/** The announced size of the body; undefined when it is the size of a compressed one. */
function contentLength(response: Response): number | undefined {
  const length = response.headers.get('content-length');
  const encoding = response.headers.get('content-encoding') ?? 'identity';
  return length !== null && /^\d+$/.test(length) && encoding === 'identity' ? Number(length) : undefined;
}

/** Another site's server may hide that it compressed the body, so from there more bytes than announced are no error. */
function checkLength(url: string, response: Response, loadedBytes: number, totalBytes: number | undefined): void {
  if (totalBytes === undefined || loadedBytes === totalBytes) return;
  if (response.type === 'cors' && loadedBytes > totalBytes) return;
  throw new TransientError('urlSource', url, `expected ${totalBytes} bytes, but ${loadedBytes} came`);
}

function concatenate(chunks: Uint8Array[], sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let position = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, position);
    position += chunk.length;
  }
  return bytes;
}

function wait(durationMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, durationMs);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
