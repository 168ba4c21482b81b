// The beginnings of files that a page has fetched, kept by the browser from visit to visit: its own cache keeps whole files, and not
// every browser's keeps parts of them.
import { sha256Hex } from './modelSource.ts';

/** The name of the store, which is the site's alone. */
const STORE = 'babylon-figment';

/** How many beginnings are kept; when there are more, the oldest are deleted. */
const MOST_KEPT = 16;

/** Content is known by its digest; no address is ever fetched. */
const keyOf = (sha256: string) => `/babylon-figment/${sha256}`;

/** Null where there is no store, as in Node, in some frames and private windows, or where it has nothing of that digest. */
export async function keptBeginning(sha256: string): Promise<Uint8Array | null> {
  try {
    const store = await globalThis.caches?.open(STORE);
    const kept = await store?.match(keyOf(sha256));
    const bytes = kept && new Uint8Array(await kept.arrayBuffer());
    return bytes && (await sha256Hex(bytes)) === sha256 ? bytes : null;
  } catch {
    return null;
  }
}

/** Keeps bytes of that digest, and no others. */
export async function keepBeginning(sha256: string, bytes: Uint8Array): Promise<void> {
  try {
    const store = await globalThis.caches?.open(STORE);
    if (!store || (await sha256Hex(bytes)) !== sha256) return;
    await store.put(keyOf(sha256), new Response(bytes as Uint8Array<ArrayBuffer>));
    for (const old of (await store.keys()).slice(0, -MOST_KEPT)) await store.delete(old);
  } catch {
    // The site's room is full, or it may keep nothing: the next visit fetches it again.
  }
}
