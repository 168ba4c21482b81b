/** Counts batches of work that were submitted to a GPU and are not done, and holds the next back. */
export class QueueDepth {
  private readonly pending: Promise<unknown>[] = [];

  constructor(
    private readonly device: GPUDevice,
    private readonly maxPending: number,
  ) {}

  /** Counts what was submitted since the last call as one batch; waits while there are more than `maxPending`. */
  async enterAsync(): Promise<void> {
    this.pending.push(this.device.queue.onSubmittedWorkDone().catch(() => {}));
    while (this.pending.length > this.maxPending) await this.pending.shift();
  }
}
