/** A hidden page draws no frames; its generators go on at this pace. */
const HIDDEN_PAGE_MS = 100;

/** Resolves at the next frame, with its time; soon, where no frames are drawn (Node, a hidden page). */
export function nextFrame(): Promise<number> {
  return new Promise((resolve) => {
    if (typeof requestAnimationFrame !== 'function') {
      setTimeout(() => resolve(performance.now()), 0);
      return;
    }
    const finish = (time: number) => {
      cancelAnimationFrame(frame);
      clearInterval(timer);
      resolve(time);
    };
    const frame = requestAnimationFrame(finish);
    const timer = setInterval(() => {
      if (document.hidden) finish(performance.now()); // a page in view may be slower than this
    }, HIDDEN_PAGE_MS);
  });
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
 * Keeps work on this thread to so many milliseconds a frame. The work calls `turnAsync` before each of its slices, which
 * waits for a next frame when a slice as long as the longest of late would not fit into this one.
 */
export class FrameBudget {
  private endsAt = Number.NEGATIVE_INFINITY;
  private sliceStart: number | null = null;
  private sliceMs = 0;

  constructor(
    readonly budgetMs: number,
    private readonly frame: () => Promise<number> = nextFrame,
    private readonly limit: FrameLimit | null = null,
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
    let time = await this.frame();
    while (time === takenFrame) time = await this.frame();
    takenFrame = time;
    this.endsAt = performance.now() + this.budgetMs;
  }
}
