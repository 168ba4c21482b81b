// What is measured of real images, with which generated ones are compared.
import {
  albedoOf,
  type Dataset,
  type DatasetSplit,
  type DiffusionModel,
  drawPerClass,
  type ImageSet,
  imagesOfDataset,
  numFramesOf,
  singleFrames,
  smallestClass,
} from '../../../runtime/index.ts';
import { afterAutoencoder } from './afterAutoencoder.ts';
import { everyImage } from './context.ts';
import { measureRealFrames, type RealFrames } from './frames.ts';
import { frechetDistance } from './frechet.ts';
import type { Judge } from './judge.ts';
import { byLabel, type Measured, measure, perAttribute } from './measure.ts';
import type { Metrics } from './report.ts';
import { seenByJudge } from './seenByJudge.ts';

/** The data of an evaluation, as they are and as judges see them. */
interface JudgedData {
  /** In the format of the model's pictures, with their maps and frames. */
  whole: Dataset;
  /** The same images as the classifier sees them: every frame is one of its own, of albedo alone, and smaller where they are large. */
  dataset: Dataset;
  /** Which of the latter are held out. */
  split: DatasetSplit;
}

export interface MeasuredReal {
  sets: Record<'heldOut' | 'reconstructedHeldOut', ImageSet>;
  /** How many images of each class all sets are compared by. */
  perClass: number;
  /** What the classifier reads in the held-out images. */
  real: Measured;
  /** Of held-out subjects; null for pictures of one frame. */
  realFrames: RealFrames | null;
  train: Measured;
  /** What it reads in the held-out images after the auto-encoder has encoded and decoded them, and the palette painted them. */
  reconstructed: Measured;
  /** The mean absolute difference of the held-out images before and after the auto-encoder. */
  l1: number;
}

/** Has the classifier judge held-out images, the same after the auto-encoder, and some that trained. */
export async function measureReal(
  model: DiffusionModel,
  classifier: Judge,
  { whole, dataset, split }: JudgedData,
  imagesPerClass: number,
): Promise<MeasuredReal> {
  const heldOut = imagesOfDataset(dataset, split.heldOut);
  const smallest = (labels: Int32Array) => smallestClass(labels, dataset.labels.length);
  const inTraining = smallest(labelsOf(dataset, split.train)) || Number.POSITIVE_INFINITY; // of a class that did not train
  const perClass = Math.min(imagesPerClass * numFramesOf(whole), smallest(heldOut.classLabels), inTraining);
  const subjects = split.heldOut.map((image) => Math.floor(image / numFramesOf(whole)));
  const real = await measure(classifier, heldOut, perClass, subjects);
  const train = await measure(classifier, sampleOf(dataset, split.train, perClass), perClass);
  const { frames } = whole;
  const each = [...new Set(subjects)];
  const realFrames = frames ? measureRealFrames(classifier.config, real.readAttributes, heldOut, frames, each) : null;
  const { l1, remade } = await afterAutoencoder(model, whole, Int32Array.from(each));
  const reconstructedHeldOut = everyImage(albedoOf(seenByJudge(singleFrames(remade))));
  const asked = { ...reconstructedHeldOut, attributes: heldOut.attributes };
  const reconstructed = await measure(classifier, asked, perClass);
  return { sets: { heldOut, reconstructedHeldOut }, perClass, real, realFrames, train, reconstructed, l1 };
}

/** What metrics.json says of real images. */
export function realMetrics(
  { real, realFrames, train, reconstructed, l1, perClass }: MeasuredReal,
  { numSteps }: Judge,
  whole: Dataset,
): Pick<Metrics, 'classifier' | 'heldOutFrames' | 'vae' | 'frechet'> {
  return {
    classifier: {
      numTrainSteps: numSteps,
      heldOutAccuracy: real.accuracy.overall,
      heldOutAccuracyPerClass: byLabel(whole.labels, real.accuracy.perClass),
      ...(Object.keys(real.attributes).length > 0 && { heldOutAccuracyPerAttribute: real.attributes }),
    },
    ...(realFrames && { heldOutFrames: { numFrames: numFramesOf(whole), ...realFrames.metrics } }),
    vae: {
      heldOutL1: l1,
      accuracy: reconstructed.accuracy.overall,
      accuracyPerClass: byLabel(whole.labels, reconstructed.accuracy.perClass),
      ...perAttribute(reconstructed),
    },
    frechet: { imagesPerClass: perClass, trainToHeldOut: frechetDistance(train.gaussian, real.gaussian) },
  };
}

/** As many images of each class, drawn at random. */
function sampleOf(dataset: Dataset, indices: Int32Array, perClass: number): ImageSet {
  const drawn = drawPerClass(labelsOf(dataset, indices), dataset.labels.length, perClass, 0);
  return imagesOfDataset(
    dataset,
    drawn.map((position) => indices[position]!),
  );
}

/** The labels of some images of a data set. */
export function labelsOf(dataset: Pick<Dataset, 'classLabels'>, indices: Int32Array): Int32Array {
  return indices.map((image) => dataset.classLabels[image]!);
}
