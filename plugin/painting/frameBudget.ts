import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';

/** A hidden page draws no frames; its generators go on at this pace. */
const HIDDEN_PAGE_MS = 100;
/** What they may take of it each time, since nobody sees the page wait. */
const HIDDEN_BUDGET_MS = 100;
/** A page in view may take so many times as long for a frame; one whose frames have ended does not tell. */
const MAX_WAITS = 5;

/** An engine, which says who draws: while a headset shows the scene, the frames are the headset's and not the window's. */
type Drawing = Pick<AbstractEngine, 'customAnimationFrameRequester'>;

/** Resolves at the next frame, with its time; soon, where no frames are drawn (Node, a hidden page). */
export function nextFrame(engine: Drawing | null = null): Promise<number> {
  const { requestAnimationFrame: request, cancelAnimationFrame: cancel } =
    engine?.customAnimationFrameRequester ?? globalThis;
  return new Promise((resolve) => {
    if (typeof request !== 'function') {
      setTimeout(() => resolve(performance.now()), 0);
      return;
    }
    const finish = (time: number) => {
      cancel?.(frame);
      clearInterval(timer);
      resolve(time);
    };
    const frame = request(finish);
    let numWaits = 0;
    const timer = setInterval(() => {
      if (++numWaits === MAX_WAITS || isHidden(engine)) finish(performance.now());
    }, HIDDEN_PAGE_MS);
  });
}

/** Whether nobody sees what is drawn. Browsers may take a page for hidden whose scene a headset shows. */
function isHidden(engine: Drawing | null): boolean {
  return !engine?.customAnimationFrameRequester && Boolean(globalThis.document?.hidden);
}

/** The frame that a budget was last spent in: two generators take turns, one a frame. */
let takenFrame = -1;

/** What else bounds the slices of a frame. */
export interface FrameLimit {
  /** Whether the frame has had its slices. */
  readonly isReached: boolean;
  beginSlice(): void;
  /** Resolves when slices of another frame may begin. */
  endFrameAsync(): Promise<void>;
}

/** How fast the memory of a long slice fades. */
const SLICE_DECAY = 0.9;

/**
 * Keeps work on this thread to so many milliseconds of an engine's frames, or of the window's without one. The work calls `turnAsync` before each of its slices, which
 * waits for a next frame when a slice as long as the longest of late would not fit into this one.
 */
export class FrameBudget {
  private endsAt = Number.NEGATIVE_INFINITY;
  private sliceStart: number | null = null;
  private sliceMs = 0;

  constructor(
    readonly budgetMs: number,
    private readonly engine: Drawing | null = null,
    private readonly limit: FrameLimit | null = null,
    private readonly frame = () => nextFrame(engine),
  ) {}

  async turnAsync(): Promise<void> {
    const now = performance.now();
    if (this.sliceStart !== null) this.sliceMs = Math.max(now - this.sliceStart, SLICE_DECAY * this.sliceMs);
    if (now + this.sliceMs > this.endsAt || this.limit?.isReached) await this.waitForFrame();
    this.sliceStart = performance.now();
    this.limit?.beginSlice();
  }

  /** Time until the next `turnAsync` is not work: the network waits for something else. */
  pause(): void {
    this.sliceStart = null;
  }

  private async waitForFrame(): Promise<void> {
    await this.limit?.endFrameAsync();
    if (isHidden(this.engine) && performance.now() + this.sliceMs <= this.endsAt) return; // no drawing waits for the limit
    let time = await this.frame();
    while (time === takenFrame) time = await this.frame();
    takenFrame = time;
    this.endsAt = performance.now() + (isHidden(this.engine) ? HIDDEN_BUDGET_MS : this.budgetMs);
  }
}

/** Slices of the first frame; a software GPU may take a second for so many. */
const FIRST_SLICES = 4;
/** From one frame to the next the number at most doubles, since a GPU is idle at times and slices differ. */
const MAX_GROWTH = 2;
const MAX_SLICES = 4096;
/** Browsers' clocks may tell no less. */
const CLOCK_MS = 0.1;

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
    const durationMs = Math.max(performance.now() - this.startMs, CLOCK_MS);
    const numFitting = Math.floor((numSlices * this.budgetMs) / durationMs);
    this.maxSlices = Math.max(1, Math.min(numFitting, MAX_GROWTH * this.maxSlices, MAX_SLICES));
  }

  /** Resolves when the GPU has done its work, and at once when its device is lost. */
  private gpuIsDone(): Promise<unknown> {
    return this.device.queue.onSubmittedWorkDone().catch(() => {});
  }
}
