import { describe, expect, it, vi } from 'vitest';
import { CurrentPainter } from './currentPainter.ts';
import { LazyPart } from './lazyPart.ts';
import type { Painter } from './painter.ts';

const FILES = { 'cvae/config.json': Uint8Array.of(1) };

function fakePainter(hash = 'abc') {
  return { addPartAsync: vi.fn(async () => hash), dispose: vi.fn() };
}

const current = (painter: ReturnType<typeof fakePainter>) =>
  new CurrentPainter(painter as unknown as Painter, async () => fakePainter() as unknown as Painter);

describe('LazyPart', () => {
  it('reads the files once, when they are needed', async () => {
    const read = vi.fn(async () => FILES);
    const painter = fakePainter();
    const cvae = new LazyPart('cvae', read);
    expect([read.mock.calls.length, cvae.hash]).toEqual([0, '']);
    await Promise.all([cvae.addAsync(current(painter)), cvae.addAsync(current(painter))]);
    expect(read).toHaveBeenCalledOnce();
    expect(painter.addPartAsync.mock.calls).toEqual([['cvae', FILES]]);
    expect(cvae.hash).toBe('abc');
  });

  it('may be tried again when reading, or adding, failed', async () => {
    const read = vi.fn(async () => FILES).mockRejectedValueOnce(new Error('no net'));
    const painter = fakePainter();
    painter.addPartAsync.mockRejectedValueOnce(new Error('damaged'));
    const cvae = new LazyPart('cvae', read);
    await expect(cvae.addAsync(current(painter))).rejects.toThrow('no net');
    await expect(cvae.addAsync(current(painter))).rejects.toThrow('damaged');
    await cvae.addAsync(current(painter));
    expect(cvae.hash).toBe('abc');
  });

  it('gives a painter that takes another’s place what that one had', async () => {
    const [first, second] = [fakePainter(), fakePainter()];
    const cvae = new LazyPart('cvae', async () => FILES);
    await cvae.addTo(first as unknown as Painter);
    expect(first.addPartAsync).not.toHaveBeenCalled();
    await cvae.addAsync(current(first));
    await cvae.addTo(second as unknown as Painter);
    expect(second.addPartAsync).toHaveBeenCalledWith('cvae', FILES);
  });

  it('keeps no painter from taking another’s place when reading fails meanwhile', async () => {
    let fail!: (error: Error) => void;
    const reading = new Promise<typeof FILES>((_, reject) => {
      fail = reject;
    });
    const cvae = new LazyPart('cvae', () => reading);
    const added = cvae.addAsync(current(fakePainter()));
    const next = fakePainter();
    const again = cvae.addTo(next as unknown as Painter);
    fail(new Error('no net'));
    await expect(added).rejects.toThrow('no net');
    await again;
    expect(next.addPartAsync).not.toHaveBeenCalled();
  });

  it('gives up reading when it is disposed', async () => {
    const cvae = new LazyPart(
      'cvae',
      (_part, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    const added = cvae.addAsync(current(fakePainter()));
    cvae.dispose();
    await expect(added).rejects.toThrow(/abort/i);
  });
});
