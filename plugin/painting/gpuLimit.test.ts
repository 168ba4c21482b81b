import { afterEach, describe, expect, it, vi } from 'vitest';
import { GpuLimit } from './gpuLimit.ts';

/** A GPU that does its work in order, over a clock that only waiting for it moves. */
class SlowGpu {
  readonly device = { queue: { onSubmittedWorkDone: () => this.isDone() } } as unknown as GPUDevice;
  readonly submit = vi.fn(() => {
    this.freeAt = Math.max(this.now, this.freeAt) + this.encodedMs;
    this.encodedMs = 0;
  });
  private now = 1000;
  private freeAt = 0;
  private encodedMs = 0;

  constructor() {
    vi.spyOn(performance, 'now').mockImplementation(() => this.now);
  }

  /** Work that the next `submit` hands over. */
  encode(durationMs: number): void {
    this.encodedMs += durationMs;
  }

  private async isDone(): Promise<void> {
    const { freeAt } = this;
    await new Promise(setImmediate); // one after the other, as the browser tells it
    this.now = Math.max(this.now, freeAt);
  }
}

/** Runs frames full of slices; how many each had. */
async function slicesPerFrame(gpu: SlowGpu, limit: GpuLimit, sliceMs: number, drawMs = 0): Promise<number[]> {
  const perFrame: number[] = [];
  for (let frame = 0; frame < 12; frame++) {
    gpu.encode(drawMs);
    gpu.submit();
    let numSlices = 0;
    for (; !limit.isReached; numSlices++) {
      limit.beginSlice();
      gpu.encode(sliceMs);
    }
    await limit.endFrameAsync();
    perFrame.push(numSlices);
  }
  return perFrame;
}

describe('GpuLimit', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('learns how many slices the GPU does in the time', async () => {
    const gpu = new SlowGpu();
    const limit = new GpuLimit(gpu.device, 4, gpu.submit);
    expect((await slicesPerFrame(gpu, limit, 0.25)).slice(0, 4)).toEqual([4, 8, 16, 16]);
    expect((await slicesPerFrame(gpu, limit, 1.3)).slice(0, 3)).toEqual([16, 3, 3]);
  });

  it('lets one slice through, however long it takes', async () => {
    const gpu = new SlowGpu();
    expect((await slicesPerFrame(gpu, new GpuLimit(gpu.device, 4, gpu.submit), 90)).slice(1)).toEqual(
      Array(11).fill(1),
    );
  });

  it('does not count what the scene draws', async () => {
    const gpu = new SlowGpu();
    expect((await slicesPerFrame(gpu, new GpuLimit(gpu.device, 4, gpu.submit), 0.5, 12)).at(-1)).toBe(8);
  });

  it('waits for the GPU only when a slice was run', async () => {
    const gpu = new SlowGpu();
    const limit = new GpuLimit(gpu.device, 4, gpu.submit);
    await limit.endFrameAsync();
    expect(gpu.submit).not.toHaveBeenCalled();
    limit.beginSlice();
    gpu.encode(50);
    await limit.endFrameAsync();
    expect(gpu.submit).toHaveBeenCalledOnce();
    expect(performance.now()).toBe(1050);
  });

  it('goes on when the device is lost', async () => {
    const queue = { onSubmittedWorkDone: () => Promise.reject(new Error('lost')) };
    const limit = new GpuLimit({ queue } as unknown as GPUDevice, 4, () => {});
    limit.beginSlice();
    await expect(limit.endFrameAsync()).resolves.toBeUndefined();
  });
});
