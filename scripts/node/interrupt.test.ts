import { expect, it, vi } from 'vitest';
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

it('lets the innermost of several jobs hear a signal', async () => {
  const numListeners = process.listenerCount('SIGINT');
  const outer = interruptible(async (signal) => {
    const inner = interruptible(async (own) => {
      process.emit('SIGINT', 'SIGINT');
      own.throwIfAborted();
    });
    await expect(inner).rejects.toBeInstanceOf(InterruptError);
    expect(signal.aborted).toBe(false);
    process.emit('SIGINT', 'SIGINT');
    expect(signal.aborted).toBe(true);
  });
  await outer;
  expect(process.listenerCount('SIGINT')).toBe(numListeners);
});

it('takes signals at once for one press of Ctrl-C, and ends the process at a later one', async () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(5000);
  const ended = vi.spyOn(process, 'kill').mockReturnValue(true);
  const numListeners = process.listenerCount('SIGINT');
  const job = interruptible(async (signal) => {
    for (let i = 0; i < 3; i++) process.emit('SIGINT', 'SIGINT');
    expect(signal.reason).toBeInstanceOf(InterruptError);
    expect(ended).not.toHaveBeenCalled();
    now.mockReturnValue(6000);
    process.emit('SIGINT', 'SIGINT');
    expect(ended).toHaveBeenCalledWith(process.pid, 'SIGINT');
    expect(process.listenerCount('SIGINT'), 'the signal finds no listener').toBe(numListeners);
    signal.throwIfAborted();
  });
  await expect(job).rejects.toBeInstanceOf(InterruptError);
  for (const spy of [now, ended]) spy.mockRestore();
});
