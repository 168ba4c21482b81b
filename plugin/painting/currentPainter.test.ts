import { Logger } from '@babylonjs/core/Misc/logger.js';
import { describe, expect, it, vi } from 'vitest';
import { CurrentPainter } from './currentPainter.ts';
import type { Painter } from './painter.ts';

const SIGNAL = new AbortController().signal;

function fakePainter(): Painter {
  return { info: { name: 'tiny' }, dispose: vi.fn(), warmUpAsync: async () => {} } as unknown as Painter;
}

/** Work that a test ends. */
function pending() {
  let end!: { resolve(value: string): void; reject(error: Error): void };
  const promise = new Promise<string>((resolve, reject) => {
    end = { resolve, reject };
  });
  return { promise, ...end };
}

describe('CurrentPainter', () => {
  it('works with its painter, and passes on what goes wrong', async () => {
    const first = fakePainter();
    const current = new CurrentPainter(first, async () => fakePainter());
    expect(await current.useAsync(SIGNAL, async (painter) => painter)).toBe(first);
    await expect(current.useAsync(SIGNAL, () => Promise.reject(new Error('no paint')))).rejects.toThrow('no paint');
  });

  it.each(['fails', 'ends with what the device no longer has'])(
    'repeats work that %s when the device goes',
    async (how) => {
      const [first, second] = [fakePainter(), fakePainter()];
      const current = new CurrentPainter(first, async () => second);
      const { promise, resolve, reject } = pending();
      const used: Painter[] = [];
      const done = current.useAsync(SIGNAL, async (painter) => {
        used.push(painter);
        return painter === first ? promise : 'painted';
      });
      await Promise.resolve();
      current.lose();
      expect(first.dispose).toHaveBeenCalledOnce();
      if (how === 'fails') reject(new Error('lost'));
      else resolve('lost');
      await current.restoreAsync();
      expect(await done).toBe('painted');
      expect(used).toEqual([first, second]);
      expect(current.latest).toBe(second);
    },
  );

  it('warms up the painter that takes the place of a lost one', async () => {
    const [first, second] = [fakePainter(), fakePainter()];
    const { promise, reject } = pending();
    first.warmUpAsync = async () => void (await promise);
    second.warmUpAsync = vi.fn(async () => {});
    const current = new CurrentPainter(first, async () => second);
    const done = current.warmUpAsync();
    await Promise.resolve();
    current.lose();
    reject(new Error('lost'));
    await current.restoreAsync();
    await done;
    expect(second.warmUpAsync).toHaveBeenCalledOnce();
  });

  it('lets what is asked for meanwhile wait, unless it is aborted', async () => {
    const controller = new AbortController();
    const current = new CurrentPainter(fakePainter(), async () => fakePainter());
    current.lose();
    const aborted = current.useAsync(controller.signal, async () => 'painted');
    const waiting = current.useAsync(SIGNAL, async () => 'painted');
    controller.abort(new Error('enough'));
    await current.restoreAsync();
    await expect(aborted).rejects.toThrow('enough');
    expect(await waiting).toBe('painted');
  });

  it('makes no other painter when none was lost, and disposes one that comes too late', async () => {
    const second = fakePainter();
    const create = vi.fn(async () => second);
    const current = new CurrentPainter(fakePainter(), create);
    await current.restoreAsync();
    expect(create).not.toHaveBeenCalled();
    current.lose();
    const restored = current.restoreAsync();
    current.dispose();
    await restored;
    expect(second.dispose).toHaveBeenCalled();
  });

  it('tells those who wait for a device when it is disposed', async () => {
    const current = new CurrentPainter(fakePainter(), async () => fakePainter());
    current.lose();
    const waiting = [current.warmUpAsync(), current.useAsync(SIGNAL, async () => 'painted')];
    current.dispose();
    for (const each of waiting) {
      await expect(each).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    }
  });

  it('goes on for all who wait when the device is lost twice', async () => {
    const [early, second] = [fakePainter(), fakePainter()];
    const making = [Promise.resolve(early), Promise.resolve(second)];
    const current = new CurrentPainter(fakePainter(), () => making.shift()!);
    current.lose();
    const first = current.useAsync(SIGNAL, async (painter) => painter);
    current.lose();
    const tooEarly = current.restoreAsync();
    current.lose(); // while the painter is being made
    const last = current.useAsync(SIGNAL, async (painter) => painter);
    await tooEarly;
    expect(early.dispose).toHaveBeenCalled();
    await current.restoreAsync();
    expect(await Promise.all([first, last])).toEqual([second, second]);
  });

  it('tells those who wait what keeps a device from coming back, and logs it', async () => {
    const log = vi.spyOn(Logger, 'Error').mockImplementation(() => {});
    const next = fakePainter();
    const create = vi.fn(async () => next).mockRejectedValueOnce(new Error('no memory'));
    const current = new CurrentPainter(fakePainter(), create);
    current.lose();
    const waiting = current.useAsync(SIGNAL, async () => 'painted');
    await current.restoreAsync();
    await expect(waiting).rejects.toThrow('no memory');
    expect(log).toHaveBeenCalledWith(expect.stringMatching(/could not be restored.*no memory/));
    log.mockRestore();
    current.lose();
    await current.restoreAsync();
    expect(await current.useAsync(SIGNAL, async (painter) => painter)).toBe(next);
  });
});
