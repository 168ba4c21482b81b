// Data sets made from others: joined, with some labels alone, with smaller pictures, or in the format of a model.
import { channelNames, MATERIAL_CHANNELS } from '../core/channelNames.ts';
import { numFramesOf } from '../core/frames.ts';
import { type PixelImage, takeChannels, withChannels } from '../core/pixels.ts';
import { type AttributeColumn, isWords, joinColumns, rowsOf, type WordColumn } from './attributeColumns.ts';
import { type Dataset, imageLength } from './dataset.ts';
import { frameDifference } from './frameDifference.ts';

/**
 * A data set with the images of another behind its own. Of the other, only classes that the first has are taken; licence
 * and attribution name both. Attributes are those of the first; where the other lacks one, it is not known, and words that
 * the first lacks are added to it.
 *
 * @throws RangeError when the images differ in size, channels or frames, or no class is in common, or an attribute has
 *         words in the one and numbers in the other, or numbers of another range
 */
export function append(dataset: Dataset, other: Dataset): Dataset {
  const sizeOf = (images: Dataset) => {
    const { widthPx, heightPx, channels, frames } = images;
    return `${widthPx}x${heightPx} px, ${channels} channels${frames ? `, ${frames.length} frames` : ''}`;
  };
  if (sizeOf(dataset) !== sizeOf(other)) {
    throw new RangeError(
      `append: "${other.name}" has ${sizeOf(other)}; expected ${sizeOf(dataset)} as "${dataset.name}"`,
    );
  }
  const difference = frameDifference(other, dataset);
  if (difference) throw new RangeError(`append: "${other.name}": ${difference} as in "${dataset.name}"`);
  const labelOf = (image: number) => dataset.labels.indexOf(other.labels[other.classLabels[image]!]!);
  const taken = Array.from(other.classLabels.keys()).filter((image) => labelOf(image) >= 0);
  if (taken.length === 0) {
    throw new RangeError(
      `append: "${other.name}" has no image of a class of "${dataset.name}": ${dataset.labels.join(', ')}`,
    );
  }
  const size = imageLength(dataset);
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

/**
 * A data set with its attributes told as another tells them: in its order, and by the places of its words. Attributes that it
 * lacks are not known, and those that the other lacks are left out.
 *
 * @param columns of the other
 * @throws        RangeError when an image shows a word that the other lacks, or an attribute has words in the one and numbers in
 *                the other, or numbers of another range
 */
export function toldBy(dataset: Dataset, columns: readonly AttributeColumn[]): Dataset {
  const { name, attributes = [], classLabels } = dataset;
  const told = joinColumns(rowsOf(columns, []), attributes, classLabels.length).map((column, i) => {
    const known = columns[i]!;
    if (!isWords(column) || !isWords(known)) return column;
    const unknown = column.values.slice(known.values.length).filter((word) => shows(column, word));
    if (unknown.length === 0) return { ...column, values: known.values };
    throw new RangeError(
      `toldBy: "${name}" shows ${column.name} ${unknown.join(', ')}; expected ${known.values.join(', ')}`,
    );
  });
  return { ...dataset, attributes: told };
}

const shows = ({ values, data }: WordColumn, word: string) => data.includes(values.indexOf(word));

function joined(...texts: string[]): string {
  return [...new Set(texts.filter((text) => text !== ''))].join('; ');
}

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
  const size = imageLength(dataset);
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

/** Every frame as an image of its own, with the label and attributes of its subject. The pixels are shared. */
export function singleFrames(dataset: Dataset): Dataset {
  const { frames, classLabels, attributes, sources, ...rest } = dataset;
  if (!frames) return dataset;
  const subjects = Int32Array.from({ length: classLabels.length * frames.length }, (_, i) =>
    Math.floor(i / frames.length),
  );
  return {
    ...rest,
    classLabels: subjects.map((subject) => classLabels[subject]!),
    ...(attributes && { attributes: rowsOf(attributes, subjects) }),
    ...(sources && { sources: Array.from(subjects, (subject, i) => `${sources[subject]} frame ${i % frames.length}`) }),
  };
}

/** The places of subjects' frames among those of `singleFrames`. */
export function framesOf(dataset: Pick<Dataset, 'frames'>, subjects: Int32Array): Int32Array {
  const numFrames = numFramesOf(dataset);
  return Int32Array.from({ length: subjects.length * numFrames }, (_, i) => {
    return subjects[Math.floor(i / numFrames)]! * numFrames + (i % numFrames);
  });
}

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
  const numWeighted = channels === 4 ? 3 : channels;
  for (let y = 0, to = 0; y < numRows; y += factor) {
    for (let x = 0; x < width; x++, to += channels) {
      sums.fill(0);
      for (let dy = 0; dy < factor; dy++) {
        for (let dx = 0; dx < factor; dx++) {
          const from = ((y + dy) * widthPx + x * factor + dx) * channels;
          const alpha = channels === 4 ? images[from + 3]! : 255;
          for (let c = 0; c < numWeighted; c++) sums[c]! += alpha * images[from + c]!;
          if (channels === 4) sums[3]! += alpha;
        }
      }
      const weight = channels === 4 ? sums[3]! : 255 * factor ** 2;
      for (let c = 0; c < numWeighted; c++) out[to + c] = weight === 0 ? 0 : Math.round(sums[c]! / weight);
      if (channels === 4) out[to + 3] = Math.round(sums[3]! / factor ** 2);
    }
  }
  return { ...dataset, widthPx: width, heightPx: heightPx / factor, images: out };
}

/** The size and channels of a model's pictures. */
export type ImageFormat = Pick<Dataset, 'widthPx' | 'heightPx' | 'channels' | 'frames'>;

/** The pictures of materials without their maps; other data as they are. */
export function albedoOf(dataset: Dataset): Dataset {
  if (dataset.channels !== MATERIAL_CHANNELS) return dataset;
  return { ...dataset, channels: 3, images: takeChannels(dataset.images, MATERIAL_CHANNELS, 0) };
}

/**
 * A data set whose pictures a model can encode: opaque ones become RGBA where it takes alpha, and materials lose their maps
 * where it makes none.
 *
 * @param format of a model with frames the width is that of all of them in a row
 * @throws RangeError naming the difference when the pictures have another size or other frames, or alpha that the model does
 *         not take, or lack the maps that it makes
 */
export function fitImages(dataset: Dataset, format: ImageFormat): Dataset {
  const { widthPx, heightPx } = dataset;
  const [numFrames, numExpected] = [numFramesOf(dataset), numFramesOf(format)];
  if (numFrames !== numExpected) {
    throw new RangeError(
      `the pictures have ${numFrames} frames, those of the model ${numExpected}; take a data set with the model's frames`,
    );
  }
  const difference = frameDifference(dataset, format);
  if (difference) {
    throw new RangeError(`of the pictures, ${difference} as the model has; take a data set with the model's frames`);
  }
  if (widthPx !== format.widthPx / numFrames || heightPx !== format.heightPx) {
    throw new RangeError(
      `the pictures are ${widthPx}×${heightPx} px, those of the model ${format.widthPx / numFrames}×${format.heightPx}; resize them, or make them smaller with --shrink`,
    );
  }
  if (dataset.channels === format.channels) return dataset;
  if (format.channels === MATERIAL_CHANNELS) {
    const names = channelNames(MATERIAL_CHANNELS).slice(3).join(', ');
    throw new RangeError(`the pictures have no maps, which the model makes: ${names}; name a data set that has them`);
  }
  const plain = albedoOf(dataset);
  if (plain.channels === format.channels) return plain;
  if (format.channels === 3)
    throw new RangeError('the pictures have alpha, which the model does not take; flatten them');
  const all: PixelImage = {
    width: widthPx,
    height: plain.images.length / (3 * widthPx), // of all images and frames
    channels: 3,
    pixels: plain.images,
  };
  return { ...plain, channels: 4, images: withChannels(all, 4) as Uint8Array };
}
