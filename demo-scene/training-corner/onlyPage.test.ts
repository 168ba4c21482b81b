import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { whenOnlyPage } from './onlyPage.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Hold = () => Promise<unknown>;

/** Locks that answer a request so. */
const locksThat = (request: (name: string, hold: Hold) => Promise<unknown>) => ({ request }) as unknown as LockManager;

const refusal = new DOMException('site data is blocked', 'SecurityError');

it.each([
  ['are free', locksThat((_, hold) => hold())],
  ['are refused', locksThat(() => Promise.reject(refusal))],
  [
    'are refused at once',
    locksThat(() => {
      throw refusal;
    }),
  ],
  ['are missing', undefined],
])('begins at once where locks %s, and says of no other page that it is open', async (_, locks) => {
  const onWait = vi.fn();
  await whenOnlyPage(locks, onWait);
  vi.advanceTimersByTime(10_000);
  expect(onWait).not.toHaveBeenCalled();
});

it('waits for a page that trains, tells so after a moment, and holds the lock from then on', async () => {
  let grant: Hold = async () => {};
  const locks = locksThat((_, hold) => {
    grant = hold;
    return new Promise(() => {});
  });
  const [onWait, onAlone] = [vi.fn(), vi.fn()];
  const alone = whenOnlyPage(locks, onWait).then(onAlone);
  await vi.advanceTimersByTimeAsync(1000);
  expect(onWait).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1000);
  expect(onWait).toHaveBeenCalledOnce();
  expect(onAlone).not.toHaveBeenCalled();
  const onReleased = vi.fn();
  void grant().then(onReleased);
  await alone;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(onReleased).not.toHaveBeenCalled();
});
