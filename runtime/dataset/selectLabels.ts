import { rowsOf } from './attributeColumns.ts';
import type { Dataset } from './dataset.ts';

/**
 * The images of some classes, in the order of the data set; the classes in the order in which they are named.
 *
 * @throws RangeError naming the labels that the data set lacks
 */
export function selectLabels(dataset: Dataset, labels: readonly string[]): Dataset {
  const missing = labels.filter((label) => !dataset.labels.includes(label));
  if (labels.length === 0 || missing.length > 0) {
    throw new RangeError(
      `selectLabels: ${missing.length > 0 ? `the data lack ${missing.join(', ')}` : 'no label is named'}; known labels: ${dataset.labels.join(', ')}`,
    );
  }
  const chosen = [...new Set(labels)];
  const labelOf = (image: number) => chosen.indexOf(dataset.labels[dataset.classLabels[image]!]!);
  const kept = Array.from(dataset.classLabels.keys()).filter((image) => labelOf(image) >= 0);
  const size = dataset.widthPx * dataset.heightPx * dataset.channels;
  const images = new Uint8Array(kept.length * size);
  for (const [i, image] of kept.entries())
    images.set(dataset.images.subarray(image * size, (image + 1) * size), i * size);
  return {
    ...dataset,
    labels: chosen,
    images,
    classLabels: Int32Array.from(kept, labelOf),
    ...(dataset.attributes && { attributes: rowsOf(dataset.attributes, kept) }),
    ...(dataset.sources && { sources: kept.map((image) => dataset.sources![image]!) }),
  };
}
