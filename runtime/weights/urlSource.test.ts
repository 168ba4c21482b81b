import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { MissingFileError, ModelFileError } from '../core/errors.ts';
import { urlSource } from './urlSource.ts';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const NUM_BYTES = 20_000;
const FAST = { retryDelayMs: 1, timeoutMs: 50_000 };
const BYTES = Uint8Array.from({ length: NUM_BYTES }, (_, i) => i % 251);

let server: Server;
let baseUrl: string;
let answers: Answer[]; // one a request; the last goes on
let requests: IncomingMessage[];
let letTimePass: (durationMs: number) => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request);
    (answers.length > 1 ? answers.shift()! : answers[0]!)(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/models/tiny`;
});

beforeEach(() => {
  requests = [];
  letTimePass = stopClock(FAST.timeoutMs);
});

afterEach(() => void vi.restoreAllMocks());

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const sendBytes: Answer = (response) => response.writeHead(200, { 'content-length': BYTES.length }).end(BYTES);
const sendNothing: Answer = () => {};
const sendNothingInTime: Answer = () => letTimePass(FAST.timeoutMs);
const dropConnection: Answer = (response) => response.destroy();
const sendHalf: Answer = (response) => {
  response.writeHead(200, { 'content-length': BYTES.length });
  response.write(BYTES.subarray(0, NUM_BYTES / 2), () => response.destroy());
};

/**
 * Stops the clock for timers of one duration, so that their end does not depend on how busy the machine is.
 *
 * @returns lets time pass for them
 */
function stopClock(timerMs: number): typeof letTimePass {
  const { setTimeout: start, clearTimeout: clear } = globalThis;
  const timers = new Map<unknown, { endMs: number; end: () => void }>();
  let nowMs = 0;
  const startStopped = (end: () => void, durationMs?: number, ...others: unknown[]) => {
    const timer = start(end, durationMs, ...others);
    if (durationMs === timerMs) timers.set(timer, { endMs: nowMs + durationMs, end });
    return timer;
  };
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(startStopped as typeof setTimeout);
  vi.spyOn(globalThis, 'clearTimeout').mockImplementation((timer) => {
    timers.delete(timer);
    clear(timer);
  });
  return (durationMs) => {
    nowMs += durationMs;
    for (const [timer, { endMs, end }] of timers) {
      if (endMs > nowMs) continue;
      clearTimeout(timer as NodeJS.Timeout);
      end();
    }
  };
}

function sendStatus(status: number): Answer {
  return (response) => response.writeHead(status).end('no');
}

it.each(['', '/', '//'])('reads a file below the address followed by "%s"', async (slashes) => {
  answers = [sendBytes];
  expect(await urlSource(baseUrl + slashes).read('unet/config.json')).toEqual(BYTES);
  expect(requests.map((request) => request.url)).toEqual(['/models/tiny/unet/config.json']);
});

it('reports progress up to the size announced', async () => {
  answers = [sendBytes];
  const onProgress = vi.fn();
  await urlSource(baseUrl).read('a', { onProgress });
  const loaded = onProgress.mock.calls.map(([loadedBytes]) => loadedBytes);
  expect(loaded).toEqual([...loaded].sort((a, b) => a - b));
  expect(onProgress.mock.lastCall).toEqual([NUM_BYTES, NUM_BYTES]);
});

it('reads a compressed answer, whose announced size is another', async () => {
  answers = [
    (response) => {
      const body = gzipSync(BYTES);
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': body.length }).end(body);
    },
  ];
  const onProgress = vi.fn();
  expect(await urlSource(baseUrl).read('a', { onProgress })).toEqual(BYTES);
  expect(onProgress.mock.lastCall).toEqual([NUM_BYTES, undefined]);
});

describe('the beginning of a file', () => {
  const BEGINNING = BYTES.subarray(0, 5000);
  const sendRange: Answer = (response, { headers }) => {
    const end = Number(/^bytes=0-(\d+)$/.exec(headers.range ?? '')![1]) + 1;
    const range = `bytes 0-${end - 1}/${NUM_BYTES}`;
    response.writeHead(206, { 'content-length': end, 'content-range': range }).end(BYTES.subarray(0, end));
  };
  const sendCompressed: Answer = (response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(BYTES));

  it.each<[string, Answer]>([
    ['sends what it is asked for', sendRange],
    ['sends all', sendBytes],
    ['compresses all', sendCompressed],
  ])('is all that is read of it, where the server %s', async (_, answer) => {
    answers = [answer];
    const onProgress = vi.fn();
    expect(await urlSource(baseUrl, FAST).read('a', { beginning: { bytes: 5000, sha256: '' }, onProgress })).toEqual(
      BEGINNING,
    );
    expect(requests.map(({ headers }) => headers.range)).toEqual(['bytes=0-4999']);
    expect(onProgress.mock.lastCall).toEqual([5000, answer === sendCompressed ? undefined : 5000]);
  });

  it('is read without waiting for the rest, whose connection is let go', async () => {
    answers = [
      (response) => {
        response.writeHead(200, { 'content-length': NUM_BYTES });
        response.write(BYTES.subarray(0, 6000)); // and nothing more
      },
    ];
    expect(await urlSource(baseUrl, FAST).read('a', { beginning: { bytes: 5000, sha256: '' } })).toEqual(BEGINNING);
    await expect.poll(() => requests[0]!.socket.destroyed).toBe(true);
  });

  it.each<[string, Answer]>([
    ['drops the connection', dropConnection],
    ['allows no part', sendStatus(416)],
    ['refuses the header', sendStatus(403)],
  ])('is cut from the file where a server %s, which is no retry', async (_, answer) => {
    answers = [answer, sendBytes];
    const source = urlSource(baseUrl, { ...FAST, numRetries: 0 });
    expect(await source.read('a', { beginning: { bytes: 5000, sha256: '' } })).toEqual(BEGINNING);
    expect(requests.map(({ headers }) => headers.range)).toEqual(['bytes=0-4999', undefined]);
  });

  it('is the whole of a shorter file, but not of an answer cut off', async () => {
    answers = [sendBytes];
    expect(await urlSource(baseUrl, FAST).read('a', { beginning: { bytes: 30_000, sha256: '' } })).toEqual(BYTES);
    answers = [sendHalf];
    await expect(urlSource(baseUrl, FAST).read('a', { beginning: { bytes: 15_000, sha256: '' } })).rejects.toThrow(
      ModelFileError,
    );
  });

  it('may come of a file that is too large to be read, and not be too large itself', async () => {
    answers = [sendBytes];
    const source = urlSource(baseUrl, { ...FAST, maxFileBytes: 10_000 });
    expect(await source.read('a', { beginning: { bytes: 5000, sha256: '' } })).toEqual(BEGINNING);
    await expect(source.read('a', { beginning: { bytes: 15_000, sha256: '' } })).rejects.toThrow(
      /tiny\/a: is larger than 10000 bytes$/,
    );
  });
});

it('reads an empty file', async () => {
  answers = [(response) => response.writeHead(200, { 'content-length': 0 }).end()];
  expect(await urlSource(baseUrl).read('a')).toEqual(new Uint8Array());
});

it.each<[string, Answer]>([
  ['status 404', sendStatus(404)],
  ['status 410', sendStatus(410)],
  ['status 403, as of storage that nobody may list', sendStatus(403)],
  ['a web page', (response) => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<html>')],
])('takes %s for a missing file, and asks once', async (_, answer) => {
  answers = [answer];
  await expect(urlSource(baseUrl, FAST).read('a')).rejects.toThrow(MissingFileError);
  expect(requests.length).toBe(1);
});

it.each([400, 401])('gives up on status %d at once', async (status) => {
  answers = [sendStatus(status)];
  const message = `urlSource: ${baseUrl}/a: the server answered with status ${status}, expected 200`;
  await expect(urlSource(baseUrl, FAST).read('a')).rejects.toThrow(message);
  expect(requests.length).toBe(1);
});

it.each<[string, Answer]>([
  ['status 500', sendStatus(500)],
  ['status 503', sendStatus(503)],
  ['status 429', sendStatus(429)],
  ['status 408', sendStatus(408)],
  ['a dropped connection', dropConnection],
  ['an answer cut off', sendHalf],
  ['silence', sendNothingInTime],
])('asks again after %s', async (_, answer) => {
  answers = [answer, answer, sendBytes];
  expect(await urlSource(baseUrl, FAST).read('a')).toEqual(BYTES);
  expect(requests.length).toBe(3);
});

it.each<[string, Answer, string]>([
  ['status 500', sendStatus(500), 'the server answered with status 500; try again later'],
  ['a dropped connection', dropConnection, 'the request failed'],
  ['silence', sendNothingInTime, 'no byte came for 50000 ms; try again later'],
])('gives up after numRetries of %s', async (_, answer, problem) => {
  answers = [answer];
  const reading = urlSource(baseUrl, { ...FAST, numRetries: 1 }).read('a');
  await expect(reading).rejects.toThrow(ModelFileError);
  await expect(reading).rejects.toThrow(problem);
  expect(requests.length).toBe(2);
});

it('waits as long as bytes keep coming', async () => {
  let sendNext = () => {};
  answers = [
    (response) => {
      response.writeHead(200, { 'content-length': 8 });
      let numSent = 0;
      sendNext = () => void (++numSent < 8 ? response.write('x') : response.end('x'));
      sendNext();
    },
  ];
  const onProgress = (loadedBytes: number) => {
    letTimePass(0.8 * FAST.timeoutMs);
    if (loadedBytes < 8) sendNext();
  };
  const reading = urlSource(baseUrl, { ...FAST, numRetries: 0 }).read('a', { onProgress });
  expect(await reading).toEqual(new Uint8Array(8).fill('x'.charCodeAt(0)));
});

it('compares what came with Content-Length, where the transport does not', async () => {
  const answer = (length: string) => async () =>
    new Response(new Uint8Array(5), { headers: { 'content-length': length } });
  const read = (length: string) => urlSource('/m', { ...FAST, fetch: answer(length) }).read('a');
  await expect(read('6')).rejects.toThrow('urlSource: /m/a: expected 6 bytes, but 5 came');
  await expect(read('4')).rejects.toThrow('urlSource: /m/a: expected 4 bytes, but 5 came');
  expect((await read('5')).length).toBe(5);
});

it('refuses a file that is announced as too large, before any of it comes', async () => {
  answers = [(response) => response.writeHead(200, { 'content-length': 1e9 }).flushHeaders()];
  const reading = urlSource(baseUrl, { ...FAST, maxFileBytes: 1000 }).read('a');
  await expect(reading).rejects.toThrow(/tiny\/a: is larger than 1000 bytes$/);
  expect(requests).toHaveLength(1);
});

it('refuses JSON of more than ten million bytes, which no model has, once so much has come', async () => {
  const chunk = new Uint8Array(1_000_000);
  let numSent = 0;
  const pull = (body: ReadableStreamDefaultController<Uint8Array>) => {
    if (numSent++ < 1000) body.enqueue(chunk);
    else body.close();
  };
  const source = urlSource('/m', { ...FAST, fetch: async () => new Response(new ReadableStream({ pull })) });
  await expect(source.read('config.json')).rejects.toThrow('urlSource: /m/config.json: is larger than 10000000 bytes');
  expect(numSent).toBeLessThan(20);
});

it('sends no credentials, and asks whether files that the browser keeps are still the same', async () => {
  const fetch = vi.fn(async () => new Response(new Uint8Array(1)));
  await urlSource('/m', { fetch }).read('a');
  expect(fetch).toHaveBeenCalledWith('/m/a', expect.objectContaining({ credentials: 'omit', cache: 'no-cache' }));
});

it('stops with the reason given, and lets go of the connection', async () => {
  answers = [sendNothing];
  const controller = new AbortController();
  const reading = urlSource(baseUrl, FAST).read('a', { signal: controller.signal });
  await expect.poll(() => requests.length).toBe(1);
  const closed = new Promise((resolve) => requests[0]!.socket.on('close', resolve));
  controller.abort(new Error('enough'));
  await expect(reading).rejects.toThrow('enough');
  await closed;
  expect(requests.length).toBe(1);
});

it('leaves nothing on the signal that it was given', async () => {
  const { signal } = new AbortController();
  const [added, removed] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
  const fetch = async () => new Response(new Uint8Array(9));
  await urlSource('/m', { fetch }).read('a', { signal });
  expect(added).toHaveBeenCalled();
  expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(added.mock.calls.map(([, listener]) => listener));
});

it('lets go of an answer that it does not read to its end', async () => {
  answers = [(response) => response.writeHead(403).write('no, and there is more to come')];
  await expect(urlSource(baseUrl, FAST).read('a')).rejects.toThrow('status 403');
  await expect.poll(() => requests[0]!.socket.destroyed).toBe(true);
});

it('waits without end where it is to', async () => {
  answers = [(response) => setTimeout(() => sendBytes(response, requests[0]!), 50)];
  const source = urlSource(baseUrl, { timeoutMs: Number.POSITIVE_INFINITY, numRetries: 0 });
  expect(await source.read('a')).toEqual(BYTES);
});

it('stops while it waits to ask again', async () => {
  answers = [sendStatus(500)];
  const controller = new AbortController();
  const reading = urlSource(baseUrl, { retryDelayMs: 60_000 }).read('a', { signal: controller.signal });
  await expect.poll(() => requests.length).toBe(1);
  setTimeout(() => controller.abort(new Error('enough')), 50);
  await expect(reading).rejects.toThrow('enough');
});

it.each([
  ['as long as a server asks', '2', 2000],
  ['no longer than half a minute', '3600', 30_000],
  ['as usual where it names a date', 'Wed, 02 Dec 2026 07:28:00 GMT', 251],
])('waits %s before it asks again', async (_, asked, expectedMs) => {
  answers = [(response) => response.writeHead(429, { 'retry-after': asked }).end('slower')];
  const controller = new AbortController();
  const source = urlSource(baseUrl, { retryDelayMs: 251, timeoutMs: Number.POSITIVE_INFINITY });
  const reading = source.read('a', { signal: controller.signal });
  const pauses = () => vi.mocked(setTimeout).mock.calls.map(([, durationMs]) => durationMs);
  await expect.poll(pauses).toContain(expectedMs);
  controller.abort(new Error('enough'));
  await expect(reading).rejects.toThrow('enough');
});

it.each(['../secret', '/etc/passwd', 'a/../../b', 'http://other/a', 'a%2f..'])(
  'asks for nothing at %s',
  async (path) => {
    await expect(urlSource(baseUrl).read(path)).rejects.toThrow('is refused; expected one inside the folder');
    expect(requests).toEqual([]);
  },
);

it.each(['http://host/m?key=1', '/m#a', 'https://me:secret@host/m'])('refuses %s as a folder', (address) => {
  expect(() => urlSource(address)).toThrow(RangeError);
  expect(() => urlSource(address)).not.toThrow('secret');
});
