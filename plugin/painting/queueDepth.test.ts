import { describe, expect, it } from 'vitest';
import { QueueDepth } from './queueDepth.ts';

describe('QueueDepth', () => {
  it('holds work back while too much waits on the GPU', async () => {
    const done: (() => void)[] = [];
    const queue = { onSubmittedWorkDone: () => new Promise<void>((resolve) => done.push(resolve)) };
    const depth = new QueueDepth({ queue } as unknown as GPUDevice, 2);
    await depth.enterAsync();
    await depth.enterAsync();
    let hasEntered = false;
    const third = depth.enterAsync().then(() => {
      hasEntered = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(hasEntered).toBe(false);
    done[0]!();
    await third;
    expect(done.length).toBe(3);
  });

  it('goes on when the device is lost', async () => {
    const queue = { onSubmittedWorkDone: () => Promise.reject(new Error('lost')) };
    const depth = new QueueDepth({ queue } as unknown as GPUDevice, 0);
    await expect(depth.enterAsync()).resolves.toBeUndefined();
  });
});
