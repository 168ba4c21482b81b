import { describe, expect, it } from 'vitest';
import { NewestOnly } from './workbench.ts';

/** Work that ends when it is told to. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe('NewestOnly', () => {
  it('aborts the work before, and tells which was the newest', async () => {
    const newest = new NewestOnly();
    const signals: AbortSignal[] = [];
    const { open, opened } = gate();
    const runs = [1, 2, 3].map(() =>
      newest.run(async (signal) => {
        signals.push(signal);
        await opened;
      }),
    );
    open();
    expect(await Promise.all(runs)).toEqual([false, false, true]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, false]);
  });

  it('swallows what superseded work throws, and passes on what the newest throws', async () => {
    const newest = new NewestOnly();
    const { open, opened } = gate();
    const fail = async () => {
      await opened;
      throw new Error('no paint');
    };
    const [old, current] = [newest.run(fail), newest.run(fail)];
    open();
    expect(await old).toBe(false);
    await expect(current).rejects.toThrow('no paint');
  });
});
