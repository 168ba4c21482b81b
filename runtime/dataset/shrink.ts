import type { Dataset } from './dataset.ts';

/**
 * The same images smaller: each pixel is the mean of a block of factor × factor, weighted by alpha where there is one, so
 * that what is transparent lends no colour.
 *
 * @param factor whole, from 1; it must divide width and height
 * @throws       RangeError when it does not
 */
export function shrink(dataset: Dataset, factor: number): Dataset {
  const { widthPx, heightPx, channels, images } = dataset;
  if (!Number.isInteger(factor) || factor < 1 || widthPx % factor !== 0 || heightPx % factor !== 0) {
    throw new RangeError(
      `shrink: factor is ${factor}; expected a whole number that divides ${widthPx} and ${heightPx}, such as 2`,
    );
  }
  if (factor === 1) return dataset;
  const width = widthPx / factor;
  const numRows = images.length / (channels * widthPx); // of all images: blocks never span two
  const out = new Uint8Array(images.length / factor ** 2);
  const sums = new Float64Array(channels);
  for (let y = 0, to = 0; y < numRows; y += factor) {
    for (let x = 0; x < width; x++, to += channels) {
      sums.fill(0);
      for (let dy = 0; dy < factor; dy++) {
        for (let dx = 0; dx < factor; dx++) {
          const from = ((y + dy) * widthPx + x * factor + dx) * channels;
          const alpha = channels === 4 ? images[from + 3]! : 255;
          for (let c = 0; c < 3; c++) sums[c]! += alpha * images[from + c]!;
          sums[channels - 1]! += channels === 4 ? alpha : 0;
        }
      }
      const weight = channels === 4 ? sums[3]! : 255 * factor ** 2;
      for (let c = 0; c < 3; c++) out[to + c] = weight === 0 ? 0 : Math.round(sums[c]! / weight);
      if (channels === 4) out[to + 3] = Math.round(sums[3]! / factor ** 2);
    }
  }
  return { ...dataset, widthPx: width, heightPx: heightPx / factor, images: out };
}
