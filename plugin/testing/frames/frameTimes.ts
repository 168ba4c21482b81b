/** How a time varies from frame to frame; NaN: there is none. */
export interface FrameTimes {
  /** Grows with each frame that a display skips, while the others are multiples of its own frame. */
  mean: number;
  median: number;
  p95: number;
  worst: number;
}

export function summarise(timesMs: readonly number[]): FrameTimes {
  const sorted = Float64Array.from(timesMs).sort();
  const mean = timesMs.reduce((sum, time) => sum + time, 0) / timesMs.length;
  return { mean, median: quantile(sorted, 0.5), p95: quantile(sorted, 0.95), worst: quantile(sorted, 1) };
}

/** The smallest of the values that at least a share of all does not exceed (nearest rank). */
function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}
