import { untilAborted } from '../untilAborted.ts';

/** Lets so many do something at once. The others wait for their turn, first come, first served. */
export class Turns {
  private readonly waiting = new Set<() => void>();

  constructor(private numFree: number) {}

  /** Does work when its turn has come. @throws the signal's reason when aborted before; what the work throws */
  async take<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    if (this.numFree > 0) this.numFree--;
    else await this.wait(signal);
    try {
      return await work();
    } finally {
      this.giveOn();
    }
  }

  private async wait(signal: AbortSignal | undefined): Promise<void> {
    let begin = () => {};
    const turn = new Promise<void>((resolve) => {
      begin = resolve;
    });
    this.waiting.add(begin);
    try {
      await untilAborted(turn, signal);
    } catch (error) {
      if (!this.waiting.delete(begin)) this.giveOn(); // its turn came when it was aborted
      throw error;
    }
  }

  private giveOn(): void {
    const [next] = this.waiting;
    if (!next) this.numFree++;
    else if (this.waiting.delete(next)) next();
  }
}
