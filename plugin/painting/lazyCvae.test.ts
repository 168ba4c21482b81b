import { describe, expect, it, vi } from 'vitest';
import { CurrentPainter } from './currentPainter.ts';
import { LazyPrior } from './lazyCvae.ts';
import type { Painter } from './painter.ts';

const FILES = { 'vae_prior/config.json': Uint8Array.of(1) };

function fakePainter(hash = 'abc') {
  return { addPriorAsync: vi.fn(async () => hash), dispose: vi.fn() };
}

const current = (painter: ReturnType<typeof fakePainter>) =>
  new CurrentPainter(painter as unknown as Painter, async () => fakePainter() as unknown as Painter);

describe('LazyPrior', () => {
  it('reads the files once, when they are needed', async () => {
    const read = vi.fn(async () => FILES);
    const painter = fakePainter();
    const prior = new LazyPrior(read);
    expect([read.mock.calls.length, prior.hash]).toEqual([0, '']);
    await Promise.all([prior.addAsync(current(painter)), prior.addAsync(current(painter))]);
    expect(read).toHaveBeenCalledOnce();
    expect(painter.addPriorAsync.mock.calls).toEqual([[FILES]]);
    expect(prior.hash).toBe('abc');
  });

  it('may be tried again when reading, or adding, failed', async () => {
    const read = vi.fn(async () => FILES).mockRejectedValueOnce(new Error('no net'));
    const painter = fakePainter();
    painter.addPriorAsync.mockRejectedValueOnce(new Error('damaged'));
    const prior = new LazyPrior(read);
    await expect(prior.addAsync(current(painter))).rejects.toThrow('no net');
    await expect(prior.addAsync(current(painter))).rejects.toThrow('damaged');
    await prior.addAsync(current(painter));
    expect(prior.hash).toBe('abc');
  });

  it('gives a painter that takes another’s place what that one had', async () => {
    const [first, second] = [fakePainter(), fakePainter()];
    const prior = new LazyPrior(async () => FILES);
    await prior.addAgainAsync(async () => first as unknown as Painter);
    expect(first.addPriorAsync).not.toHaveBeenCalled();
    await prior.addAsync(current(first));
    await prior.addAgainAsync(async () => second as unknown as Painter);
    expect(second.addPriorAsync).toHaveBeenCalledWith(FILES);
  });

  it('gives up reading when it is disposed', async () => {
    const prior = new LazyPrior(
      (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    const added = prior.addAsync(current(fakePainter()));
    prior.dispose();
    await expect(added).rejects.toThrow(/abort/i);
  });
});
