/** Runs work of which only the newest counts: each call aborts the one before it. */
export class NewestOnly {
  private controller: AbortController | null = null;

  /**
   * @param work ends soon after its signal aborts
   * @returns    whether it ended as the newest; false when it was superseded, whatever became of it
   * @throws     what the newest work throws
   */
  async run(work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    this.controller?.abort();
    const controller = new AbortController();
    this.controller = controller;
    try {
      await work(controller.signal);
      return !controller.signal.aborted;
    } catch (error) {
      if (controller.signal.aborted) return false;
      throw error;
    }
  }
}
