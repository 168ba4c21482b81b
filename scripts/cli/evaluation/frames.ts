// Pictures of several frames are judged frame by frame, and by whether the frames of a subject show one subject.
import {
  animationsOf,
  type ClassifierConfig,
  colourDrift,
  type DatasetSplit,
  type Frame,
  type FrameAgreement,
  frameAgreement,
  type ImageSet,
  shownAttributes,
} from '../../../runtime/index.ts';

/** What a model of frames is measured by, beside each frame alone. */
export interface FrameMetrics {
  /** How often the frames of a subject agree in an attribute, for each attribute that is a word. */
  agreement: Record<string, FrameAgreement>;
  /** The same of the subjects in which the attribute shows: see `shownAttributes`. */
  agreementWhereShown: Record<string, FrameAgreement>;
  /** From a frame to the next. */
  colourDrift: number;
  /** Only of generated frames. */
  colourDriftRelativeToReal?: number;
}

/**
 * @param readAttributes what the judge takes the images for
 * @param images         all frames of each subject, one after another
 * @param shows          what shows in each subject, as `shownAttributes` gives it
 */
export function frameMetrics(
  { attributes }: ClassifierConfig,
  readAttributes: Float32Array,
  images: ImageSet,
  frames: readonly Frame[],
  shows: Uint8Array,
): FrameMetrics {
  return {
    agreement: frameAgreement(attributes, readAttributes, frames.length),
    agreementWhereShown: frameAgreement(attributes, readAttributes, frames.length, shows),
    colourDrift: colourDrift(images, frames),
  };
}

/** What is measured of the frames of real subjects, and what shows in them. */
export interface RealFrames {
  metrics: FrameMetrics;
  /** Each subject's place in the data set, and the attributes that show in it. */
  shows: Map<number, Uint8Array>;
}

/**
 * @param readAttributes what the judge takes the images for
 * @param images         all frames of each subject, one after another
 * @param subjects       the places of the subjects in the data set
 */
export function measureRealFrames(
  config: ClassifierConfig,
  readAttributes: Float32Array,
  images: ImageSet,
  frames: readonly Frame[],
  subjects: readonly number[],
): RealFrames {
  const width = Object.keys(config.attributes).length;
  const shows = shownAttributes(readAttributes, images.attributes ?? [], width, frames.length);
  return {
    metrics: frameMetrics(config, readAttributes, images, frames, shows),
    shows: new Map(subjects.map((subject, i) => [subject, shows.subarray(i * width, (i + 1) * width)])),
  };
}

/** What shows in real subjects with the words of generated ones. @param subjects the places of those in the data set */
export function showsIn({ shows }: RealFrames, subjects: Int32Array): Uint8Array {
  return Uint8Array.from(Array.from(subjects, (subject) => [...shows.get(subject)!]).flat());
}

/** The rows of an array, each so many times. */
export function repeatRows<Values extends Int32Array | Float32Array>(
  values: Values,
  rowLength: number,
  times: number,
): Values {
  const repeated = new (values.constructor as new (length: number) => Values)(values.length * times);
  for (let row = 0; row * rowLength < values.length; row++) {
    const own = values.subarray(row * rowLength, (row + 1) * rowLength);
    for (let i = 0; i < times; i++) repeated.set(own, (row * times + i) * rowLength);
  }
  return repeated;
}

/**
 * One frame of each subject, that of standing where there is one, for what is compared with every training image.
 *
 * @param split of all frames
 */
export function stillFrames<Sets extends Record<string, ImageSet>>(
  frames: readonly Frame[],
  { train, heldOut }: DatasetSplit,
  sets: Sets,
): { split: DatasetSplit; sets: Record<keyof Sets, ImageSet> } {
  const animations = animationsOf(frames);
  const { from: still } = animations.find(({ action }) => action === 'stand') ?? animations[0]!;
  const isStill = (place: number) => place % frames.length === still;
  return {
    split: { train: train.filter(isStill), heldOut: heldOut.filter(isStill) },
    sets: Object.fromEntries(Object.entries(sets).map(([name, set]) => [name, chosenImages(set, isStill)])) as Record<
      keyof Sets,
      ImageSet
    >,
  };
}

function chosenImages({ shape, values, classLabels }: ImageSet, isChosen: (place: number) => boolean): ImageSet {
  const length = shape[0] * shape[1] * shape[2];
  const chosen = Int32Array.from(Array.from(classLabels.keys()).filter(isChosen));
  const kept = new Float32Array(chosen.length * length);
  for (const [i, image] of chosen.entries())
    kept.set(values.subarray(image * length, (image + 1) * length), i * length);
  return { shape, values: kept, classLabels: chosen.map((image) => classLabels[image]!) };
}
