import { joinColumns, rowsOf } from './attributeColumns.ts';
import type { Dataset } from './dataset.ts';

/**
 * A data set with the images of another behind its own. Of the other, only classes that the first has are taken; licence
 * and attribution name both. Attributes are those of the first; where the other lacks one, it is not known, and words that
 * the first lacks are added to it.
 *
 * @throws RangeError when the images differ in size or channels, or no class is in common, or an attribute has
 *         words in the one and numbers in the other, or numbers of another range
 */
export function append(dataset: Dataset, other: Dataset): Dataset {
  const sizeOf = ({ widthPx, heightPx, channels }: Dataset) => `${widthPx}x${heightPx} px, ${channels} channels`;
  if (sizeOf(dataset) !== sizeOf(other)) {
    throw new RangeError(
      `append: "${other.name}" has ${sizeOf(other)}; expected ${sizeOf(dataset)} as "${dataset.name}"`,
    );
  }
  const labelOf = (image: number) => dataset.labels.indexOf(other.labels[other.classLabels[image]!]!);
  const taken = Array.from(other.classLabels.keys()).filter((image) => labelOf(image) >= 0);
  if (taken.length === 0) {
    throw new RangeError(
      `append: "${other.name}" has no image of a class of "${dataset.name}": ${dataset.labels.join(', ')}`,
    );
  }
  const size = dataset.widthPx * dataset.heightPx * dataset.channels;
  const images = new Uint8Array(dataset.images.length + taken.length * size);
  images.set(dataset.images);
  for (const [i, image] of taken.entries()) {
    images.set(other.images.subarray(image * size, (image + 1) * size), dataset.images.length + i * size);
  }
  const { sources: _, ...rest } = dataset;
  return {
    ...rest,
    images,
    classLabels: Int32Array.from([...dataset.classLabels, ...taken.map(labelOf)]),
    ...(dataset.attributes && {
      attributes: joinColumns(dataset.attributes, rowsOf(other.attributes ?? [], taken), taken.length),
    }),
    licence: joined(dataset.licence, other.licence),
    attribution: joined(dataset.attribution, other.attribution),
  };
}

function joined(...texts: string[]): string {
  return [...new Set(texts.filter((text) => text !== ''))].join('; ');
}
