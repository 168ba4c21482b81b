import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { contentHash } from '../../scripts/node/siteCaching.ts';

const SITE = 'https://game.example/';
const MODEL = 'models/weights.bin';

type Listen = (event: unknown) => void;

const listeners = new Map<string, Listen>();
const put = vi.fn<(key: string, response: Response) => Promise<void>>();
const match = vi.fn(async (key: string) =>
  key === `${SITE}site.json` ? Response.json({ [MODEL]: contentHash('first, last') }) : undefined,
);
const forget = vi.fn(async () => true);
const fetchedBy: (RequestInit | undefined)[] = [];
/** What the server answers for the list of the site. */
let listed = () => Response.json({ [MODEL]: 'new' });
const page: { body: ReadableStreamDefaultController<Uint8Array> | null } = { body: null };

/** A server with a new list of the site, whose other files come as slowly as a test lets them. */
async function serve(asked: Request | string, init?: RequestInit): Promise<Response> {
  fetchedBy.push(init);
  if (asked === 'site.json') return listed();
  const start = (body: ReadableStreamDefaultController<Uint8Array>) => {
    page.body = body;
  };
  return new Response(new ReadableStream({ start }));
}

beforeAll(async () => {
  const cache = { put, match, delete: forget };
  vi.stubGlobal('registration', { scope: SITE });
  vi.stubGlobal('addEventListener', (type: string, listen: Listen) => listeners.set(type, listen));
  vi.stubGlobal('caches', { open: async () => cache });
  vi.stubGlobal('fetch', serve);
  await import('./serviceWorker.ts');
});

afterAll(() => {
  vi.unstubAllGlobals();
});

/** Asks the worker for a file as a page does. */
async function ask(address: string, mode?: 'navigate'): Promise<{ response: Response; lasting: Promise<unknown>[] }> {
  const lasting: Promise<unknown>[] = [];
  const response = await new Promise<Response>((resolve) => {
    listeners.get('fetch')!({
      request: Object.defineProperty(new Request(SITE + address), 'mode', { value: mode }),
      respondWith: resolve,
      waitUntil: (work: Promise<unknown>) => lasting.push(work),
    });
  });
  return { response, lasting };
}

it.each([MODEL, 'guide/page.html'])(
  'gives the first bytes of %s before the last have come, and stores all',
  async (address) => {
    let kept = '';
    put.mockImplementation(async (_, response) => {
      kept = await response.text();
    });
    const { response, lasting } = await ask(address);
    const reader = response.body!.getReader();
    const bytes = new TextEncoder().encode('first, last');
    page.body!.enqueue(bytes.subarray(0, 5));
    expect((await reader.read()).value).toEqual(bytes.subarray(0, 5));
    expect(kept).toBe('');
    page.body!.enqueue(bytes.subarray(5));
    page.body!.close();
    await Promise.all(lasting);
    expect(kept).toBe('first, last');
  },
);

it.each([MODEL, 'guide/page.html'])('gives %s also where there is no room to keep it', async (address) => {
  put.mockRejectedValue(new DOMException('it is full', 'QuotaExceededError'));
  const { response, lasting } = await ask(address);
  page.body!.enqueue(new TextEncoder().encode('first, last'));
  page.body!.close();
  expect(await response.text()).toBe('first, last');
  await Promise.all(lasting);
});

it('does not keep what another version of the site has, and asks the server for its own', async () => {
  put.mockClear().mockResolvedValue();
  const { response, lasting } = await ask(MODEL);
  page.body!.enqueue(new TextEncoder().encode('of before'));
  page.body!.close();
  expect(await response.text()).toBe('of before');
  await Promise.all(lasting);
  expect(put).not.toHaveBeenCalled();
  expect(fetchedBy.at(-1)?.cache).toBe('no-cache');
});

it('goes by the newest list also where there is no room to keep it', async () => {
  put.mockRejectedValue(new DOMException('it is full', 'QuotaExceededError'));
  await ask('', 'navigate');
  page.body!.close();
  await ask(MODEL);
  page.body!.close();
  expect(match).toHaveBeenLastCalledWith(`${SITE}${MODEL}?hash=new`);
  expect(forget).toHaveBeenCalledWith(`${SITE}site.json`);
});

it.each<[string, () => Response]>([
  ['is a web page', () => new Response('<html>')],
  ['breaks off', () => new Response(new ReadableStream({ start: (body) => body.error(new Error('cut off')) }))],
  ['is none', () => Response.json(null)],
])('shows the site as it was where the list %s', async (_, answer) => {
  put.mockClear().mockImplementation(async (_, response) => void (await response.text()));
  forget.mockClear();
  listed = answer;
  await ask('', 'navigate');
  page.body!.close();
  await ask(MODEL);
  page.body!.close();
  expect(match).toHaveBeenLastCalledWith(`${SITE}${MODEL}?hash=${contentHash('first, last')}`);
  expect(forget).not.toHaveBeenCalled();
  expect(put.mock.calls.map(([key]) => key)).not.toContain(`${SITE}site.json`);
  listed = () => Response.json({ [MODEL]: 'new' });
});

it('keeps a file that the list does not name under its own address, though every object has its name', async () => {
  put.mockResolvedValue();
  await ask('toString');
  page.body!.close();
  expect(put).toHaveBeenLastCalledWith(`${SITE}toString`, expect.anything());
});
