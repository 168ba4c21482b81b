/** Lets those who wait for something go on in the order in which they asked for it. */
export class InTurn {
  private last: Promise<unknown> = Promise.resolve();

  /** Gives what was waited for, once all that were here before have what they waited for, or have failed. @throws as `waiting` */
  take<Result>(waiting: Promise<Result>): Promise<Result> {
    const before = this.last;
    const goOn = async () => {
      const result = await waiting;
      await before.catch(() => {}); // whoever it was has given up, or is told of what was wrong
      return result;
    };
    const own = goOn();
    this.last = own;
    return own;
  }
}
