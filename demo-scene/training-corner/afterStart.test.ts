import { expect, it, vi } from 'vitest';
import { afterStart } from './afterStart.ts';

it('handles what comes before the start has ended once it has, and tells what goes wrong', async () => {
  let begin = () => {};
  const start = () =>
    new Promise<void>((resolve) => {
      begin = resolve;
    });
  const handle = vi.fn(async (message: string) => {
    if (message === 'wrong') throw new Error('no');
  });
  const fail = vi.fn();
  const receive = afterStart(start, handle, fail);
  const received = ['right', 'wrong'].map(receive);
  await Promise.resolve();
  expect(handle).not.toHaveBeenCalled();
  begin();
  await Promise.all(received);
  expect(handle.mock.calls).toEqual([['right'], ['wrong']]);
  expect(fail.mock.calls).toEqual([[new Error('no')]]);
});

it('tells of a start that fails once, without any message, and passes over all that come', async () => {
  const [handle, fail] = [vi.fn(), vi.fn()];
  const receive = afterStart(() => Promise.reject(new Error('out of coal')), handle, fail);
  await expect.poll(() => fail.mock.calls).toEqual([[new Error('out of coal')]]);
  for (const message of ['train', 'save']) await receive(message);
  expect(fail).toHaveBeenCalledOnce();
  expect(handle).not.toHaveBeenCalled();
});
