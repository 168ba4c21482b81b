/** The middle one of some numbers; of an even count the upper of the two in the middle. */
export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Runs that compile what the others use, and do not count. */
export const WARM_UP = 2;

/** Median of the times of `work`, in milliseconds. */
export async function medianMs(numRuns: number, work: () => Promise<unknown> | unknown): Promise<number> {
  const times: number[] = [];
  for (let i = -WARM_UP; i < numRuns; i++) {
    const started = performance.now();
    await work();
    if (i >= 0) times.push(performance.now() - started);
  }
  return median(times);
}
