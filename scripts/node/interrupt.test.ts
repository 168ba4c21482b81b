import { expect, it } from 'vitest';
import { InterruptError, interruptible, letEventsIn } from './interrupt.ts';

it('turns Ctrl-C into an abort of the job alone', async () => {
  const numListeners = process.listenerCount('SIGINT');
  const job = interruptible(async (signal) => {
    process.kill(process.pid, 'SIGINT');
    for (let i = 0; i < 1000; i++) {
      await letEventsIn();
      signal.throwIfAborted();
    }
  });
  await expect(job).rejects.toBeInstanceOf(InterruptError);
  expect(process.listenerCount('SIGINT')).toBe(numListeners);
});

it('passes the result on', async () => {
  expect(await interruptible(async () => 7)).toBe(7);
});
