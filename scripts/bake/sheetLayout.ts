import { sheetColumns } from '../../runtime/index.ts';
import { UsageError } from '../node/usageError.ts';

/** What WebGPU and WebGL can hold in one texture on most machines. */
const MAX_SHEET_PX = 16_384;

/**
 * How many pictures stand side by side: a row for each label where all have equally many.
 *
 * @param labels of each picture, those of one label together
 * @throws       UsageError when the sheet would be larger than a texture
 */
export function sheetLayout(labels: readonly string[], widthPx: number, heightPx: number): number {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const isEven = new Set(counts.values()).size === 1;
  const numLabels = isEven ? counts.size : 1;
  const columns = sheetColumns(numLabels, labels.length / numLabels);
  const width = columns * widthPx;
  const height = Math.ceil(labels.length / columns) * heightPx;
  if (Math.max(width, height) <= MAX_SHEET_PX) return columns;
  throw new UsageError(
    `the sheet would be ${width}×${height} pixels; at most ${MAX_SHEET_PX} are possible; lower enlarge or count, or leave out the sheet`,
  );
}
