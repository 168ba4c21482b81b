import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FrameBudget, GpuLimit, nextFrame } from './frameBudget.ts';

/** Frames of a display, 16 ms apart, over a clock that only the test moves. */
function display() {
  let now = 1000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  return {
    work: (durationMs: number) => {
      now += durationMs;
    },
    frame: async () => {
      now = (Math.floor(now / 16) + 1) * 16;
      return now;
    },
    now: () => now,
  };
}

type Drawing = ConstructorParameters<typeof FrameBudget>[1];

const WINDOW: Drawing = null;
const headset = (requestAnimationFrame: (drawn: (time: number) => void) => number): Drawing => ({
  customAnimationFrameRequester: { requestAnimationFrame },
});

/** Runs slices of one length and returns how long each frame was worked in. */
async function workPerFrame(budgetMs: number, sliceMs: number, numSlices: number, engine = WINDOW): Promise<number[]> {
  const { work, frame } = display();
  let latest = 0;
  const budget = new FrameBudget(budgetMs, engine, null, async () => {
    latest = await frame();
    return latest;
  });
  const perFrame = new Map<number, number>();
  for (let i = 0; i < numSlices; i++) {
    await budget.turnAsync();
    work(sliceMs);
    perFrame.set(latest, (perFrame.get(latest) ?? 0) + sliceMs);
  }
  vi.restoreAllMocks();
  return [...perFrame.values()];
}

describe('nextFrame', () => {
  it('comes, though late, where frames have ended, also in a worker, which has no document', async () => {
    vi.useFakeTimers();
    vi.stubGlobal('requestAnimationFrame', () => 1);
    vi.stubGlobal('cancelAnimationFrame', () => {});
    const came = vi.fn();
    void nextFrame().then(came);
    await vi.advanceTimersByTimeAsync(400);
    expect(came).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(100);
    expect(came).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });
});

describe('nextFrame while a headset shows the scene', () => {
  it('is a frame of the headset', async () => {
    const ofWindow = vi.fn(() => 1);
    vi.stubGlobal('requestAnimationFrame', ofWindow);
    vi.stubGlobal('document', { hidden: true });
    const draws: ((time: number) => void)[] = [];
    const frame = nextFrame(headset((drawn) => draws.push(drawn)));
    for (const drawn of draws) drawn(42);
    expect(await frame).toBe(42);
    expect(ofWindow).not.toHaveBeenCalled();
    vi.unstubAllGlobals();
  });
});

describe('FrameBudget on a hidden page', () => {
  beforeEach(() => {
    vi.stubGlobal('document', { hidden: true });
  });

  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('is larger, unless a headset shows the scene', async () => {
    expect(await workPerFrame(4, 6, 20)).toEqual([96, 24]);
    expect(
      await workPerFrame(
        4,
        6,
        3,
        headset(() => 1),
      ),
    ).toEqual([6, 6, 6]);
  });

  it('goes on without a frame when its limit has ended', async () => {
    const { frame } = display();
    const limit = { isReached: true, beginSlice: () => {}, endFrameAsync: vi.fn(async () => {}) };
    const frames = vi.fn(frame);
    const budget = new FrameBudget(4, WINDOW, limit, frames);
    for (let i = 0; i < 5; i++) await budget.turnAsync();
    vi.restoreAllMocks();
    expect(limit.endFrameAsync).toHaveBeenCalledTimes(5);
    expect(frames).toHaveBeenCalledOnce();
  });
});

describe('FrameBudget', () => {
  it('never works longer than its budget in a frame, once it knows how long a slice is', async () => {
    const frames = await workPerFrame(4, 1.5, 40);
    expect(Math.max(...frames)).toBeLessThanOrEqual(4);
    expect(frames.slice(1, -1).every((ms) => ms === 3)).toBe(true); // a third slice would not fit
  });

  it('does one slice a frame when a slice is longer than the budget', async () => {
    expect(await workPerFrame(4, 6, 5)).toEqual([6, 6, 6, 6, 6]);
  });

  it('does not take waiting for work', async () => {
    const { work, frame } = display();
    const framesSeen: number[] = [];
    const budget = new FrameBudget(4, WINDOW, null, async () => {
      const time = await frame();
      framesSeen.push(time);
      return time;
    });
    await budget.turnAsync();
    work(1);
    budget.pause();
    work(100); // the GPU is waited for
    await budget.turnAsync(); // another frame: the time is over
    work(1);
    await budget.turnAsync(); // the same: a slice is 1 ms long, not 101
    vi.restoreAllMocks();
    expect(framesSeen.length).toBe(2);
  });

  it('ends a frame where its limit is reached, and waits for the limit before the next', async () => {
    const { work, frame } = display();
    const perFrame: number[] = [];
    let numSlices = 0;
    const limit = {
      get isReached() {
        return numSlices === 2;
      },
      beginSlice: () => numSlices++,
      endFrameAsync: async () => {
        perFrame.push(numSlices);
        numSlices = 0;
        work(40); // the GPU takes more than two frames
      },
    };
    const budget = new FrameBudget(4, WINDOW, limit, frame);
    const times: number[] = [];
    for (let i = 0; i < 6; i++) {
      await budget.turnAsync();
      times.push(performance.now());
      work(0.5);
    }
    vi.restoreAllMocks();
    expect(perFrame).toEqual([0, 2, 2]);
    expect(times[2]! - times[0]!).toBe(48);
    expect(times[4]! - times[2]!).toBe(48);
  });

  it('lets two work in turns, one in each frame', async () => {
    const { work, now } = display();
    const waiting: ((time: number) => void)[] = [];
    const frame = () => new Promise<number>((resolve) => waiting.push(resolve));
    const worked: string[] = [];
    const run = async (name: string) => {
      const budget = new FrameBudget(4, WINDOW, null, frame);
      for (let i = 0; i < 3; i++) {
        await budget.turnAsync();
        worked.push(`${name}@${now()}`);
        work(4);
      }
    };
    const both = [run('a'), run('b')];
    for (let time = 1016; worked.length < 6; time += 16) {
      work(time - now());
      for (const resolve of waiting.splice(0)) resolve(time);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(both);
    vi.restoreAllMocks();
    const times = worked.map((entry) => entry.split('@')[1]);
    expect(new Set(times).size).toBe(6);
    expect(worked.map((entry) => entry[0]).join('')).toBe('ababab');
  });
});

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

  it('goes on where the clock does not move, though nothing may be done in the time', async () => {
    const gpu = new SlowGpu();
    const limit = new GpuLimit(gpu.device, 0, gpu.submit);
    for (let frame = 0; frame < 3; frame++) {
      limit.beginSlice();
      expect(limit.isReached).toBe(frame > 0);
      await limit.endFrameAsync();
    }
  });

  it('goes on when the device is lost', async () => {
    const queue = { onSubmittedWorkDone: () => Promise.reject(new Error('lost')) };
    const limit = new GpuLimit({ queue } as unknown as GPUDevice, 4, () => {});
    limit.beginSlice();
    await expect(limit.endFrameAsync()).resolves.toBeUndefined();
  });
});
