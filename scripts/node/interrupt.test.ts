import { expect, it } from 'vitest';
import { InterruptError, interruptible, letEventsIn } from './interrupt.ts';

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('turns %s into an abort of the job alone', async (name, exitCode) => {
  const numListeners = process.listenerCount(name);
  const job = interruptible(async (signal) => {
    process.kill(process.pid, name);
    for (let i = 0; i < 1000; i++) {
      await letEventsIn();
      signal.throwIfAborted();
    }
  });
  await expect(job).rejects.toBeInstanceOf(InterruptError);
  await expect(job).rejects.toMatchObject({ exitCode });
  expect(process.listenerCount(name)).toBe(numListeners);
});

it('passes the result on', async () => {
  expect(await interruptible(async () => 7)).toBe(7);
});
