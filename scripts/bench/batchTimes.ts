import type { PictureOptions } from '../../runtime/index.ts';
import { median } from './medianMs.ts';

/** More images than this are made in several batches. */
const MAX_BATCH = 32;

/**
 * Milliseconds a picture, by how many are wanted at once: the median of a few runs, after one that does not count.
 *
 * @param make   makes one batch, and resolves when its pixels are there
 * @param labels of the pictures in turn
 * @param onTurn told before each run, with the share of all pictures that are done
 */
export async function batchTimes(
  counts: readonly number[],
  labels: readonly string[],
  make: (requests: PictureOptions[]) => Promise<unknown>,
  onTurn: (share: number, count: number) => void = () => {},
  now: () => number = () => performance.now(),
): Promise<Record<string, number>> {
  const times: Record<string, number> = {};
  const numRuns = (count: number) => (count > MAX_BATCH ? 1 : 3);
  const all = counts.reduce((sum, count) => sum + count * numRuns(count) + Math.min(count, MAX_BATCH), 0);
  let done = 0;
  for (const count of counts) {
    const measured: number[] = [];
    for (let run = -1; run < numRuns(count); run++) {
      onTurn(done / all, count);
      const wanted = run < 0 ? Math.min(count, MAX_BATCH) : count;
      const started = now();
      for (let first = 0; first < wanted; first += MAX_BATCH) {
        const size = Math.min(MAX_BATCH, wanted - first);
        await make(
          Array.from({ length: size }, (_, i) => ({ label: labels[i % labels.length]!, seed: done + first + i })),
        );
      }
      if (run >= 0) measured.push((now() - started) / wanted);
      done += wanted;
    }
    times[count] = median(measured);
  }
  return times;
}
