import { describe, expect, it, vi } from 'vitest';
import { CurrentPainter } from './currentPainter.ts';
import { LazyCvae } from './lazyCvae.ts';
import type { Painter } from './painter.ts';

const FILES = { 'cvae/config.json': Uint8Array.of(1) };

function fakePainter(hash = 'abc') {
  return { addCvaeAsync: vi.fn(async () => hash), dispose: vi.fn() };
}

const current = (painter: ReturnType<typeof fakePainter>) =>
  new CurrentPainter(painter as unknown as Painter, async () => fakePainter() as unknown as Painter);

describe('LazyCvae', () => {
  it('reads the files once, when they are needed', async () => {
    const read = vi.fn(async () => FILES);
    const painter = fakePainter();
    const cvae = new LazyCvae(read);
    expect([read.mock.calls.length, cvae.hash]).toEqual([0, '']);
    await Promise.all([cvae.addAsync(current(painter)), cvae.addAsync(current(painter))]);
    expect(read).toHaveBeenCalledOnce();
    expect(painter.addCvaeAsync.mock.calls).toEqual([[FILES]]);
    expect(cvae.hash).toBe('abc');
  });

  it('may be tried again when reading, or adding, failed', async () => {
    const read = vi.fn(async () => FILES).mockRejectedValueOnce(new Error('no net'));
    const painter = fakePainter();
    painter.addCvaeAsync.mockRejectedValueOnce(new Error('damaged'));
    const cvae = new LazyCvae(read);
    await expect(cvae.addAsync(current(painter))).rejects.toThrow('no net');
    await expect(cvae.addAsync(current(painter))).rejects.toThrow('damaged');
    await cvae.addAsync(current(painter));
    expect(cvae.hash).toBe('abc');
  });

  it('gives a painter that takes another’s place what that one had', async () => {
    const [first, second] = [fakePainter(), fakePainter()];
    const cvae = new LazyCvae(async () => FILES);
    await cvae.addAgainAsync(async () => first as unknown as Painter);
    expect(first.addCvaeAsync).not.toHaveBeenCalled();
    await cvae.addAsync(current(first));
    await cvae.addAgainAsync(async () => second as unknown as Painter);
    expect(second.addCvaeAsync).toHaveBeenCalledWith(FILES);
  });

  it('gives up reading when it is disposed', async () => {
    const cvae = new LazyCvae(
      (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    const added = cvae.addAsync(current(fakePainter()));
    cvae.dispose();
    await expect(added).rejects.toThrow(/abort/i);
  });
});
