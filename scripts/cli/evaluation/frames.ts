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
} from '../../../runtime/index.ts';

/** What a model of frames is measured by, beside each frame alone. */
export interface FrameMetrics {
  /** How often the frames of a subject agree in an attribute, for each attribute that is a word. */
  agreement: Record<string, FrameAgreement>;
  /** From a frame to the next. */
  colourDrift: number;
  /** Only of generated frames. */
  colourDriftRelativeToReal?: number;
}

/**
 * @param readAttributes what the judge takes the images for
 * @param images         all frames of each subject, one after another
 */
export function frameMetrics(
  { attributes }: ClassifierConfig,
  readAttributes: Float32Array,
  images: ImageSet,
  frames: readonly Frame[],
): FrameMetrics {
  return {
    agreement: frameAgreement(attributes, readAttributes, frames.length),
    colourDrift: colourDrift(images, frames),
  };
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
