// The site's service worker. It keeps every file under the hash of its content, which the list of the site says. So a visit asks
// for the list, fetches what has changed since the last one, and without a network shows the site as it was.

import { ownValue } from './ownValue.ts';

/** The worker's own global scope, typed as far as it is used. */
interface Scope {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listen: (event: LastingEvent) => void): void;
  addEventListener(type: 'fetch', listen: (event: FetchingEvent) => void): void;
  addEventListener(type: 'message', listen: (event: MessageEvent<string[]> & LastingEvent) => void): void;
}

interface LastingEvent {
  waitUntil(work: Promise<unknown>): void;
}

interface FetchingEvent extends LastingEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

const scope = globalThis as unknown as Scope;

const CACHE = 'figment-site';
const LIST = 'site.json';
/** How long a page waits for the list, and how long the keeping of it does, which delays nobody. */
const PAGE_LIMIT_MS = 3000;
const KEEPING_LIMIT_MS = 120_000;

/** Address, relative to the worker's scope → hash of the content. */
type SiteList = Record<string, string>;

let list: Promise<SiteList> | undefined;
/** Resolves when all that pages have fetched so far is stored. */
let storing: Promise<void> = Promise.resolve();

scope.addEventListener('install', (event) => event.waitUntil(scope.skipWaiting()));

scope.addEventListener('activate', (event) => event.waitUntil(scope.clients.claim()));

scope.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || !request.url.startsWith(scope.registration.scope) || request.headers.has('range')) {
    return;
  }
  if (request.mode === 'navigate') list = latestList(PAGE_LIMIT_MS); // all files of a page are then of one version
  list ??= keptList();
  event.respondWith(answer(event, list));
});

/** A page that is ready says what it has loaded; this is kept, and so are both pages with all their scripts. */
scope.addEventListener('message', (event) => {
  const keeping = keep(event.data).then((numKept) => event.source?.postMessage(numKept));
  event.waitUntil(keeping.catch(() => {})); // what is not kept is fetched again
});

async function answer(event: FetchingEvent, siteList: Promise<SiteList>): Promise<Response> {
  const { request } = event;
  const address = addressOf(request.url);
  const hash = ownValue(await siteList, address);
  if (hash === undefined) return newest(event, address);
  const cache = await caches.open(CACHE);
  const key = keyOf(address, hash);
  const kept = await cache.match(key);
  if (kept) return kept;
  const { url, redirect, signal } = request;
  const response = await fetch(url, { cache: 'no-cache', redirect, signal }); // what the browser has may be of an older site
  if (response.status === 200) store(event, putIfItIs(hash, cache, key, response.clone()));
  return response;
}

/** A file that the list does not name, such as a page of the guide: from the network, or as it was without one. */
async function newest(event: FetchingEvent, address: string): Promise<Response> {
  const cache = await caches.open(CACHE);
  const key = keyOf(address);
  try {
    const response = await fetch(event.request);
    if (response.status === 200) store(event, cache.put(key, response.clone()));
    return response;
  } catch (error) {
    const kept = await cache.match(key);
    if (kept) return kept;
    throw error;
  }
}

/** Keeps a response while the page reads it. The page gets its file even where there is no room to keep it. */
function store(event: FetchingEvent, putting: Promise<void>): void {
  const stored = putting.catch(() => {});
  storing = Promise.all([storing, stored]).then(() => {});
  event.waitUntil(stored);
}

/** Stores a file under the hash that the list has for it. @throws Error when it is another file, as in the midst of an update */
async function putIfItIs(hash: string, cache: Cache, key: string, response: Response): Promise<void> {
  const content = await response.arrayBuffer();
  if ((await contentHash(content)) !== hash) throw new Error(`${key} is not what the list says`);
  await cache.put(key, new Response(content, response));
}

/** A short hash of a file's content, as the list has it. */
async function contentHash(content: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', content));
  return btoa(String.fromCharCode(...digest))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .slice(0, 16);
}

/** The list as the server has it now, or the kept one where the server does not answer in time. */
async function latestList(limitMs: number): Promise<SiteList> {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(LIST, { cache: 'no-cache', signal: AbortSignal.timeout(limitMs) });
    const list: unknown = response.ok ? await response.clone().json() : null;
    if (typeof list === 'object' && list !== null) {
      // Where there is no room, the list of before must not speak for the files of now.
      await cache.put(keyOf(LIST), response).catch(() => cache.delete(keyOf(LIST)));
      return list as SiteList;
    }
  } catch {
    // There is no network, or it brings no list; the kept one says what is here.
  }
  return keptList();
}

async function keptList(): Promise<SiteList> {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(keyOf(LIST));
  return kept ? kept.json().catch(() => ({})) : {};
}

/** Keeps these files and those of the pages, and drops what the list names no more. @returns how many files are kept */
async function keep(urls: readonly string[]): Promise<number> {
  const isKnown = list && Object.keys(await list).length > 0;
  if (!isKnown) list = latestList(KEEPING_LIMIT_MS); // at the first visit
  const siteList = await list!;
  if (Object.keys(siteList).length === 0) throw new Error('there is no list of the site');
  const cache = await caches.open(CACHE);
  const ofPages = Object.keys(siteList).filter((address) => !address.includes('/'));
  const loaded = urls.filter((url) => url.startsWith(scope.registration.scope)).map(addressOf);
  const wanted = new Set([...ofPages, ...loaded].filter((address) => Object.hasOwn(siteList, address)));
  const named = new Set(Object.entries(siteList).map(([address, hash]) => keyOf(address, hash)));
  for (const { url } of await cache.keys()) {
    if (new URL(url).searchParams.has('hash') && !named.has(url)) await cache.delete(url);
  }
  await storing; // what is being stored need not be fetched again
  for (const address of wanted) {
    const hash = siteList[address]!;
    const key = keyOf(address, hash);
    if (!(await cache.match(key))) await putIfItIs(hash, cache, key, await fetched(address));
  }
  return wanted.size;
}

async function fetched(address: string): Promise<Response> {
  const response = await fetch(new URL(address, scope.registration.scope), { cache: 'no-cache' });
  if (!response.ok) throw new Error(`${address} is not there`);
  return response;
}

/** The address of a file as the list names it. */
function addressOf(url: string): string {
  const address = decodeURI(new URL(url).pathname.slice(new URL(scope.registration.scope).pathname.length));
  return address === '' || address.endsWith('/') ? `${address}index.html` : address;
}

function keyOf(address: string, hash?: string): string {
  return new URL(hash === undefined ? address : `${address}?hash=${hash}`, scope.registration.scope).href;
}
