import {
  type Accuracy,
  accuracyOf,
  attributeAccuracy,
  classifyImages,
  type Dataset,
  type DatasetSplit,
  drawPerClass,
  type ImageSet,
  imagesOfClass,
  imagesOfDataset,
  membersOf,
  type NearestDistance,
  nearestDistance,
  type PixelImage,
  pictureAt,
  seamRatio,
  spreadPerClass,
} from '../../../runtime/index.ts';
import { letEventsIn } from '../../node/interrupt.ts';
import type { FrameMetrics } from './frames.ts';
import { frechetDistance, type Gaussian, gaussianOf } from './frechet.ts';
import type { Judge } from './judge.ts';

/** What the judge says of one set of images. */
export interface Measured {
  accuracy: Accuracy;
  /** Estimated from the features of as many images a class as `measure` was asked for. */
  gaussian: Gaussian;
  /** Mean feature distance between two images of different subjects, of each class. */
  spread: number[];
  /** How well attributes are read, by name, as `attributeAccuracy` says; without those of which it cannot tell. */
  attributes: Record<string, number>;
  /** What they are read as, as `classifyImages` gives it. */
  readAttributes: Float32Array;
}

/**
 * @param perClass images of each class that the Gaussian is estimated from: alike in all sets to be compared
 * @param subjects what each image shows, as `spreadPerClass` takes it
 */
export async function measure(
  classifier: Judge,
  images: ImageSet,
  perClass: number,
  subjects?: Int32Array,
): Promise<Measured> {
  const { config, weights } = classifier;
  const { features, numFeatures, predicted, attributes } = await classifyImages(config, weights, images);
  const drawn = drawPerClass(images.classLabels, config.num_labels, perClass, 0);
  return {
    accuracy: accuracyOf(predicted, images.classLabels, config.num_labels),
    gaussian: gaussianOf(pickRows(features, numFeatures, drawn), numFeatures),
    spread: spreadPerClass(features, numFeatures, images.classLabels, config.num_labels, subjects),
    attributes: images.attributes
      ? toldOf(attributeAccuracy(config.attributes, attributes, images.attributes, images.classLabels))
      : {},
    readAttributes: attributes,
  };
}

/** Without what is not a number: of an attribute that is known of no image, or that is the same in all. */
function toldOf(accuracies: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(accuracies).filter(([, accuracy]) => !Number.isNaN(accuracy)));
}

function pickRows(values: Float32Array, rowLength: number, rows: Int32Array): Float32Array {
  const picked = new Float32Array(rows.length * rowLength);
  rows.forEach((row, i) => {
    picked.set(values.subarray(row * rowLength, (row + 1) * rowLength), i * rowLength);
  });
  return picked;
}

export interface GuidanceMetrics {
  accuracy: number;
  /** Classes recognised less often than WEAK_ACCURACY. */
  weakClasses: string[];
  frechetDistanceToHeldOut: number;
  spreadRelativeToReal: number;
  accuracyPerClass: Record<string, number>;
  /** Only for models with attributes. */
  accuracyPerAttribute?: Record<string, number>;
  spreadRelativeToRealPerClass: Record<string, number>;
  /** Only for models with frames. */
  frames?: FrameMetrics;
}

const WEAK_ACCURACY = 0.5;

/** Compares generated images with real ones. */
export function compareWithReal(generated: Measured, real: Measured, labels: readonly string[]): GuidanceMetrics {
  const { overall, perClass } = generated.accuracy;
  const relative = generated.spread.map((spread, label) => spread / real.spread[label]!);
  return {
    accuracy: overall,
    weakClasses: labels.filter((_, label) => perClass[label]! < WEAK_ACCURACY),
    frechetDistanceToHeldOut: frechetDistance(generated.gaussian, real.gaussian),
    spreadRelativeToReal: relative.reduce((a, b) => a + b, 0) / relative.length,
    accuracyPerClass: byLabel(labels, perClass),
    ...perAttribute(generated),
    spreadRelativeToRealPerClass: byLabel(labels, relative),
  };
}

/** The entry of metrics about attributes, where there are any. */
export function perAttribute({ attributes }: Measured): { accuracyPerAttribute?: Record<string, number> } {
  return Object.keys(attributes).length > 0 ? { accuracyPerAttribute: attributes } : {};
}

export function byLabel<T>(labels: readonly string[], values: readonly T[]): Record<string, T> {
  return Object.fromEntries(labels.map((label, i) => [label, values[i]!]));
}

/** How near the closest training image is to three sets of images. */
export interface CopyMetrics {
  generated: NearestDistance;
  heldOut: NearestDistance;
  /** Held-out images after the auto-encoder, whose error generated images have too: the fair comparison. */
  reconstructedHeldOut: NearestDistance;
  /** Mean of `generated` as a share of that of `reconstructedHeldOut`: well below 1 means copies. */
  relative: number;
}

/** One entry for each class. */
export async function copyingPerClass(
  dataset: Dataset,
  split: DatasetSplit,
  sets: Record<'generated' | 'heldOut' | 'reconstructedHeldOut', ImageSet>,
  onProgress: (share: number) => void,
): Promise<CopyMetrics[]> {
  const metrics: CopyMetrics[] = [];
  for (const label of dataset.labels.keys()) {
    const members = Int32Array.from(membersOf(dataset.classLabels, label, split.train));
    const training = imagesOfClass(imagesOfDataset(dataset, members), label);
    const distanceOf = (images: ImageSet) => nearestDistance(imagesOfClass(images, label), training, images.shape);
    const [generated, heldOut] = [distanceOf(sets.generated), distanceOf(sets.heldOut)];
    const reconstructedHeldOut = distanceOf(sets.reconstructedHeldOut);
    metrics.push({ generated, heldOut, reconstructedHeldOut, relative: generated.mean / reconstructedHeldOut.mean });
    onProgress(metrics.length / dataset.labels.length);
    await letEventsIn(); // of many pictures a class takes seconds
  }
  return metrics;
}

/** How much neighbouring pixels differ where a picture meets its own repetition, as a share of inside it: 1 is seamless. */
export interface SeamMetrics {
  guidanceScale: number;
  generated: number;
  heldOut: number;
  perClass: Record<string, number>;
}

/** @param pictures RGBA bytes, label after label, equally many of each */
export function measureSeams(
  pictures: readonly Uint8Array[],
  guidanceScale: number,
  dataset: Dataset,
  split: DatasetSplit,
): SeamMetrics {
  const size = { width: dataset.widthPx, height: dataset.heightPx };
  const generated = pictures.map((pixels): PixelImage => ({ ...size, channels: 4, pixels }));
  const perLabel = generated.length / dataset.labels.length;
  const ofLabel = (label: number) => generated.slice(label * perLabel, (label + 1) * perLabel);
  return {
    guidanceScale,
    generated: seamRatio(generated),
    heldOut: seamRatio(Array.from(split.heldOut, (image) => pictureAt(dataset, image))),
    perClass: byLabel(
      dataset.labels,
      dataset.labels.map((_, label) => seamRatio(ofLabel(label))),
    ),
  };
}

/** What a pipeline's pictures cost, and how good they are, at the guidance that the model is used with. */
export interface PipelineMetrics
  extends Pick<
    GuidanceMetrics,
    'accuracy' | 'frechetDistanceToHeldOut' | 'spreadRelativeToReal' | 'accuracyPerAttribute'
  > {
  /** Measured in batches, on the backend of the evaluation. */
  msPerImage: number;
  /** Strength with which cvae+ddpm refines; absent for other pipelines. */
  strength?: number;
}

/** The part of a set's measures that pipelines are compared by. */
export function pipelineMetrics(metrics: GuidanceMetrics, imagesPerSecond: number, strength?: number): PipelineMetrics {
  const { accuracy, frechetDistanceToHeldOut, spreadRelativeToReal, accuracyPerAttribute } = metrics;
  return {
    msPerImage: 1000 / imagesPerSecond,
    ...(strength !== undefined && { strength }),
    accuracy,
    frechetDistanceToHeldOut,
    spreadRelativeToReal,
    ...(accuracyPerAttribute && { accuracyPerAttribute }),
  };
}
