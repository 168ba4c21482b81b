// How a classifier sees the pictures of a student beside those of its teacher. Latents in which an eye is missing are as near to
// the right ones as others; the pictures are not. Decoder and classifier stand beside the student in training alone, and stay as
// they are.
//
// Source: a distance between pictures in place of one between latents is what few steps are learned by in Song et al. 2023,
// arXiv:2303.01469, section 5, and in Kang et al. 2024, arXiv:2405.05967, section 3.
import { addN, concat, mul, reshape, type Scalar, slice, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { createSchedule } from '../diffusion/schedule.ts';
import type { SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { autoencoderKlShapes, decode } from '../networks/autoencoderKl.ts';
import type { AutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import type { ClassifierConfig } from '../networks/classifier.ts';
import { unscaleLatents } from '../networks/latentScaling.ts';
import { type Shapes, type Weights, withoutPrefix } from '../networks/layers.ts';
import { longStepEnd, longStepLevels, longSteps } from './distillation.ts';
import { isEncoder } from './latentTeacher.ts';
import { isOfLossNetwork, lossNetworkShapes, perceptualDifference, seenLevels } from './perceptualLoss.ts';

/** What decodes and judges the pictures of student and teacher in a training, as plain data. */
export interface StudentPictures {
  /** Weight in the loss of `perceptualDifference`. */
  perceptualWeight: number;
  /** The classifier whose eyes that difference takes. */
  lossNetwork: ClassifierConfig;
  /** What decodes latents; null where they are pictures. */
  vae: AutoencoderKlConfig | null;
  /** Frames of a picture, whose latents are stacked along channels. */
  numFrames: number;
}

/** The steps by which a student makes its pictures. */
export interface StudentWay {
  stepCounts: readonly number[];
  scheduler: SchedulerConfig;
  circular: boolean;
}

/** A training step looks at so many frames of each picture at most, as decoding all of them would take most of its time. */
export const MOST_FRAMES = 4;

const PREFIX = 'vae.';

/** Whether a weight in a student's training belongs to the decoder or the classifier beside it, which are not trained. */
export const isOfPictures = (name: string) => name.startsWith(PREFIX) || isOfLossNetwork(name);

/** A decoder's weights, or their shapes, under the names that they have in the training; those of its encoder are left out. */
export function decoderBeside<T>(vae: Iterable<readonly [name: string, value: T]>): Map<string, T> {
  const ofDecoder = [...vae].filter(([name]) => !isEncoder(name));
  return new Map(ofDecoder.map(([name, value]) => [PREFIX + name, value]));
}

/** The shapes of the weights of decoder and classifier, by their names in the training. */
export function pictureShapes({ vae, lossNetwork }: StudentPictures): Shapes {
  return new Map([...decoderBeside(vae ? autoencoderKlShapes(vae) : []), ...lossNetworkShapes(lossNetwork)]);
}

/**
 * The pictures that latents stand for.
 *
 * @param weights those of the training
 * @param latents float32 (B, h, w, F · c), as the student makes them
 * @param frames  which frames to decode: 0 … F − 1
 * @returns       float32 (frames · B, H, W, channels), all pictures of a frame behind those of another; the caller disposes it
 */
export function decodedFrames(
  { vae, numFrames }: StudentPictures,
  weights: Weights,
  latents: Tensor4D,
  frames: ArrayLike<number>,
  circular: boolean,
): Tensor4D {
  const channels = latents.shape[3] / numFrames;
  return tidy(() => {
    const [begin, size] = [(frame: number) => [0, 0, 0, frame * channels], [-1, -1, -1, channels]];
    const chosen = concat(Array.from(frames, (frame) => slice(latents, begin(frame), size))) as Tensor4D;
    return vae ? decode(vae, withoutPrefix(weights, PREFIX), unscaleLatents(vae, chosen), circular) : chosen;
  });
}

/**
 * How differently the pictures are seen that a student's last steps lead to, and those of its teacher: of each number of steps, in
 * a mean weighted by it, as one long step is hard to learn.
 *
 * @param outputs xt, target and output (B · P, h, w, F · c), the parts of an image one behind the other as `longSteps` has them;
 *                frames to look at
 * @returns       scalar, 0 where all are seen alike
 */
export function differenceOfPictures(
  pictures: StudentPictures,
  { stepCounts, scheduler, circular }: StudentWay,
  weights: Weights,
  { xt, target, output, frames }: Record<'xt' | 'target' | 'output', Tensor4D> & { frames: ArrayLike<number> },
): Scalar {
  const steps = longSteps(stepCounts);
  const most = Math.max(...stepCounts);
  const levels = longStepLevels(scheduler, most).map(({ alphaBar }) => alphaBar);
  const { predictionType } = createSchedule(scheduler);
  const shown = (part: number, outputs: Tensor4D) => {
    const [start, led] = [xt, outputs].map((all) => partOf(all, part, steps.length)) as [Tensor4D, Tensor4D];
    const end = longStepEnd(predictionType, start, led, levels[steps[part]!.from]!, levels[most]!);
    return decodedFrames(pictures, weights, end, frames, circular);
  };
  const last = [...steps.keys()].filter((part) => steps[part]!.to === most);
  const seen = (part: number, outputs: Tensor4D) => seenLevels(pictures.lossNetwork, weights, shown(part, outputs));
  const known = seen(last[0]!, target); // all targets lead to the same picture
  const differences = last.map((part) => {
    const difference = perceptualDifference(known, seen(part, output));
    return mul(difference, steps[part]!.stepCount) as Scalar;
  });
  const total = last.reduce((sum, part) => sum + steps[part]!.stepCount, 0);
  return mul(addN(differences), 1 / total);
}

/** Takes one of the P parts of every image out of (B · P, h, w, C), where an image's parts follow each other. */
function partOf(all: Tensor4D, part: number, numParts: number): Tensor4D {
  const [count, height, width, channels] = all.shape;
  const numImages = count / numParts;
  const apart = reshape(all, [numImages, numParts, height * width, channels]) as Tensor4D;
  return reshape(slice(apart, [0, part, 0, 0], [-1, 1, -1, -1]), [numImages, height, width, channels]) as Tensor4D;
}
