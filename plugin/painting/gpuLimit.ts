import type { FrameLimit } from './frameBudget.ts';

/** Slices of the first frame; a software GPU may take a second for so many. */
const FIRST_SLICES = 4;
/** From one frame to the next the number at most doubles, since a GPU is idle at times and slices differ. */
const MAX_GROWTH = 2;
const MAX_SLICES = 4096;

/**
 * Keeps a frame's slices to as many as the GPU does in so many milliseconds, learnt from the frames before, and holds the
 * next frame's back until they are done: what the scene draws never waits behind more than that.
 */
export class GpuLimit implements FrameLimit {
  private maxSlices = FIRST_SLICES;
  private numSlices = 0;
  /** When the GPU was free for the slices: they had begun, and what was asked of it before was done. */
  private startMs = 0;

  /** @param submit hands to the device what was computed so far */
  constructor(
    private readonly device: GPUDevice,
    private readonly budgetMs: number,
    private readonly submit: () => void,
  ) {}

  get isReached(): boolean {
    return this.numSlices >= this.maxSlices;
  }

  beginSlice(): void {
    this.numSlices++;
    if (this.numSlices > 1) return;
    this.startMs = performance.now();
    void this.gpuIsDone().then(() => {
      this.startMs = performance.now();
    });
  }

  async endFrameAsync(): Promise<void> {
    const { numSlices } = this;
    if (numSlices === 0) return;
    this.numSlices = 0;
    this.submit();
    await this.gpuIsDone();
    const durationMs = performance.now() - this.startMs;
    const numFitting = Math.floor((numSlices * this.budgetMs) / durationMs);
    this.maxSlices = Math.max(1, Math.min(numFitting, MAX_GROWTH * this.maxSlices, MAX_SLICES));
  }

  /** Of a lost device nothing is to be waited for. */
  private gpuIsDone(): Promise<unknown> {
    return this.device.queue.onSubmittedWorkDone().catch(() => {});
  }
}
