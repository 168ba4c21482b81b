import { afterEach, expect, it, vi } from 'vitest';
import { RunStore, UnreadError } from './runStore.ts';

afterEach(() => vi.unstubAllGlobals());

const denied = {
  open: () => {
    throw new DOMException('site data is blocked', 'SecurityError');
  },
};

it.each([
  ['is missing', undefined, /open/],
  ['throws at once', denied, /^site data is blocked$/],
])('takes nothing for damaged where IndexedDB %s', async (_, indexedDb, message) => {
  vi.stubGlobal('indexedDB', indexedDb);
  const error = await new RunStore().load().catch((reason) => reason);
  expect(error).toBeInstanceOf(UnreadError);
  expect(error.message).toMatch(message);
});
