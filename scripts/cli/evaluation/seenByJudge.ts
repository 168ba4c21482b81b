import { type Dataset, shrink } from '../../../runtime/index.ts';

/** Networks that judge look at pictures of at most this size: larger ones tell them nothing more, and take four times as long. */
const MAX_SIDE_PX = 64;

/** A data set as networks that judge see it: smaller by a whole factor where its pictures are large. */
export function seenByJudge(dataset: Dataset): Dataset {
  const { widthPx, heightPx } = dataset;
  let factor = 1;
  while (
    Math.max(widthPx, heightPx) / factor > MAX_SIDE_PX &&
    widthPx % (2 * factor) === 0 &&
    heightPx % (2 * factor) === 0
  ) {
    factor *= 2;
  }
  return shrink(dataset, factor);
}
