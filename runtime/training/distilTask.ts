import {
  add,
  concat,
  keep,
  mean,
  mul,
  reshape,
  type Scalar,
  split,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  tensor1d,
  tidy,
  tile,
} from '@tensorflow/tfjs-core';
import { ANY } from '../core/attributes.ts';
import type { SamplerName } from '../core/samplingBounds.ts';
import { qSample } from '../diffusion/forward.ts';
import { createSampler } from '../diffusion/sampler.ts';
import { createSchedule } from '../diffusion/schedule.ts';
import type { SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { type Conditions, conditioningVectors, isOfStudent } from '../networks/conditioning.ts';
import type { ConditioningConfig } from '../networks/conditioningConfig.ts';
import { type Weights, withoutPrefix } from '../networks/layers.ts';
import { unet2d } from '../networks/unet2d.ts';
import type { UNet2DConfig } from '../networks/unet2dConfig.ts';
import { type Batch, batchArray, batchTensor } from './batch.ts';
import { CONDITIONING_PREFIX, conditionedShapes } from './conditionedNetwork.ts';
import {
  guidedByEach,
  type Level,
  longStepEnd,
  longStepLevels,
  longSteps,
  longStepTarget,
  trajectory,
} from './distillation.ts';
import { differenceOfPictures, isOfPictures, pictureShapes, type StudentPictures } from './studentPictures.ts';
import { isOfTeacher, joinTeacher, TEACHER_PREFIX } from './teacherWeights.ts';
import type { TrainingTask } from './trainingTask.ts';

/** A student and its teacher, as plain data. */
export interface DistilSpec {
  kind: 'distil';
  /** The form of both U-Nets, which take vectors for their label and attributes. */
  config: UNet2DConfig;
  /** The student's conditioning; the teacher has the same tables. */
  conditioning: ConditioningConfig & Required<Pick<ConditioningConfig, 'student'>>;
  circular: boolean;
  scheduler: SchedulerConfig;
  /** How the teacher makes pictures, in a multiple of the student's steps. */
  teacherSampler: Extract<SamplerName, 'ddim' | 'dpm++'>;
  teacherSteps: number;
  /** The training timesteps between which the teacher is guided; absent: at all of them. */
  guidanceInterval?: readonly [tMin: number, tMax: number];
  /** What decodes and judges the pictures of stage two; absent and null: their latents alone are compared. */
  pictures?: StudentPictures | null;
}

/**
 * How much faster what is new learns than what was the teacher: G and S begin at zero, and until they tell the network of its
 * guidance and steps, it learns the mean over all of them.
 */
const STUDENT_RATE = 10;

type Shape4D = [number, number, number, number];

/**
 * Whether a weight is the student's alone, and so is trained. Those of the teacher are not, nor the tables that both share, nor the
 * decoder and the classifier by which pictures are compared.
 */
export function isLearned(name: string): boolean {
  return name.startsWith(CONDITIONING_PREFIX)
    ? isOfStudent(name.slice(CONDITIONING_PREFIX.length))
    : !isOfTeacher(name) && !isOfPictures(name);
}

/**
 * Distillation in two stages, which differ in their batches alone. In both the teacher is guided by two passes, with a scale
 * w of its own for each image, and the student is told w.
 *
 * Stage one, batches with x0: the student learns the guided output at any noise level (Meng et al. 2023, arXiv:2210.03142,
 * section 3.1). x0 (B, h, w, C) are latents of the data, eps (B, P, h, w, C) and t (B, P) noise them to P levels each.
 *
 * Stage two, batches without: the teacher makes pictures from the noise eps (B, h, w, C), and the student learns to be after
 * each of its own long steps where the teacher is by then. Progressive distillation (Salimans & Ho 2022, arXiv:2202.00512)
 * goes to half of the steps again and again; here every number of steps is learned at once, told by S as the step's size is
 * in shortcut models (Frans et al. 2024, arXiv:2410.12557), and the states are those of the teacher's own pictures.
 *
 * Where the spec has pictures, those of the last steps are besides to be seen as the teacher's by a classifier, in frames (B, K), the same
 * for all images. The states are the student's own then, as they will be when it makes pictures: it learns to make up for its
 * mistakes (Ross et al. 2011, arXiv:1011.0686).
 *
 * Both: classLabels (B), attributes (B, attributes), guidanceScales (B). The label and attribute tables are shared with the
 * teacher, and so stay as they are.
 */
export function distilTask(spec: DistilSpec): TrainingTask {
  const { config, conditioning, pictures } = spec;
  return {
    shapes: new Map([
      ...conditionedShapes(config, conditioning),
      ...joinTeacher(conditionedShapes(config, null)),
      ...(pictures ? pictureShapes(pictures) : []),
    ]),
    isTrained: isLearned,
    rateFactor: (name) => (name.startsWith(CONDITIONING_PREFIX) ? STUDENT_RATE : 1),
    prepare: (weights, batch) => (batch.x0 ? guidedLevels(spec, weights, batch) : ownSteps(spec, weights, batch)),
    loss: (weights, batch) => tidy(() => studentLoss(spec, weights, batch)),
  };
}

/**
 * The mean squared error of the student's outputs, each weighted by its number of steps: one long step is hard to learn, and
 * would drown what the shorter ones have to learn. In stage two also how differently the pictures are seen, weighted alike.
 * Prepared: xt and target (B, P, h, w, C), t and stepCounts (B, P).
 */
function studentLoss(spec: DistilSpec, weights: Weights, batch: Batch) {
  const [numImages, numParts] = batchArray(batch, 't').shape as [number, number];
  const stepCounts = batchArray(batch, 'stepCounts').data;
  const [xt, target] = [joined(batch, 'xt'), joined(batch, 'target')];
  const predict = studentOutput(spec, weights, batch, numParts);
  const output = predict(xt, batchArray(batch, 't').data, stepCounts);
  const errors = mean(square(sub(output, target)), [1, 2, 3]) as Tensor1D;
  const counts = [...new Set(stepCounts)].filter((count) => count > 0);
  const ofCount = (count: number) => {
    const isOf = Float32Array.from(stepCounts, (value) => (value === count ? 1 : 0));
    const share = isOf.reduce((sum, value) => sum + value, 0) / (numImages * numParts);
    return keep(mul(mean(mul(errors, tensor1d(isOf))), 1 / share)) as Scalar;
  };
  const weightings = Float32Array.from(stepCounts, (count) => Math.max(1, count));
  const total = weightings.reduce((sum, value) => sum + value, 0);
  const error = mul(sum(mul(errors, tensor1d(weightings))), 1 / total) as Scalar;
  const metrics = Object.fromEntries(counts.map((count) => [`steps${count}`, ofCount(count)]));
  if (!spec.pictures || counts.length === 0) return { loss: error, metrics };
  const [, numFrames] = batchArray(batch, 'frames').shape as [number, number];
  const frames = batchArray(batch, 'frames').data.slice(0, numFrames);
  const way = { ...spec, stepCounts: spec.conditioning.student.step_counts };
  const perceptual = keep(differenceOfPictures(spec.pictures, way, weights, { xt, target, output, frames }));
  const loss = add(error, mul(perceptual, spec.pictures.perceptualWeight)) as Scalar;
  return { loss, metrics: { ...metrics, perceptual } };
}

/** The student's output, which is told a guidance scale for each image and a number of steps for each part. */
function studentOutput(
  { config, conditioning, circular }: DistilSpec,
  weights: Weights,
  batch: Batch,
  numParts: number,
): (xt: Tensor4D, t: ArrayLike<number>, stepCounts: ArrayLike<number>) => Tensor4D {
  const conditions = repeated(batch, numParts);
  const guidanceScales = each(batchArray(batch, 'guidanceScales').data, 1, numParts);
  const own = withoutPrefix(weights, CONDITIONING_PREFIX);
  return (xt, t, stepCounts) =>
    tidy(() => {
      const told = conditioningVectors(conditioning, own, { ...conditions, sampling: { guidanceScales, stepCounts } });
      return unet2d(config, weights, xt, t, told, { circular });
    });
}

/** Stage one: noised data, and the guided output of the teacher. */
async function guidedLevels(spec: DistilSpec, weights: Weights, batch: Batch): Promise<Batch> {
  const { shape, data: t } = batchArray(batch, 't');
  const [numImages, numParts] = shape as [number, number];
  const [xt, target] = tidy(() => {
    const x0 = batchTensor<Tensor>(batch, 'x0');
    const [height, width, channels] = x0.shape.slice(1) as [number, number, number];
    const whole: Shape4D = [numImages * numParts, height, width, channels];
    const images = tile(reshape(x0, [numImages, 1, height, width, channels]), [1, numParts, 1, 1, 1]);
    const noised = qSample(createSchedule(spec.scheduler), reshape(images, whole) as Tensor4D, t, joined(batch, 'eps'));
    const scales = each(batchArray(batch, 'guidanceScales').data, 1, numParts);
    const guided = guidedTeacher(spec, weights, repeated(batch, numParts), scales);
    return [noised, guided(noised, t)] as [Tensor4D, Tensor4D];
  });
  const stepCounts = { shape, data: new Int32Array(numImages * numParts) };
  return { xt: await taken(xt, numParts), target: await taken(target, numParts), stepCounts };
}

/** Stage two: the states from which the student steps, and by which output it gets where the teacher is by then. */
async function ownSteps(spec: DistilSpec, weights: Weights, batch: Batch): Promise<Batch> {
  const { conditioning, scheduler, teacherSampler, teacherSteps } = spec;
  const steps = longSteps(conditioning.student.step_counts);
  const numParts = Math.max(...conditioning.student.step_counts);
  const { predictionType } = createSchedule(scheduler);
  const levels = longStepLevels(scheduler, numParts);
  const numImages = batchArray(batch, 'classLabels').data.length;
  const [xt, target] = tidy(() => {
    const scales = batchArray(batch, 'guidanceScales').data;
    const guided = guidedTeacher(spec, weights, repeated(batch, 1), scales);
    const predict = (x: Tensor4D, time: number) => guided(x, new Array(numImages).fill(time));
    const sampler = createSampler(teacherSampler, scheduler, { numInferenceSteps: teacherSteps });
    const states = trajectory(sampler, predict, batchTensor<Tensor4D>(batch, 'eps'), numParts);
    const froms = seesOwnPictures(spec)
      ? ownStates(spec, weights, batch, levels)
      : steps.map(({ from }) => states[from]!);
    const targets = steps.map(({ from, to }, i) =>
      longStepTarget(predictionType, froms[i]!, states[to]!, levels[from]!.alphaBar, levels[to]!.alphaBar),
    );
    const together = (parts: Tensor4D[]) =>
      reshape(stack(parts, 1), [-1, ...states[0]!.shape.slice(1)] as Shape4D) as Tensor4D;
    return [together(froms), together(targets)] as [Tensor4D, Tensor4D];
  });
  const ofEach = (value: (step: (typeof steps)[number]) => number) => ({
    shape: [numImages, steps.length],
    data: Int32Array.from({ length: numImages * steps.length }, (_, i) => value(steps[i % steps.length]!)),
  });
  return {
    xt: await taken(xt, steps.length),
    target: await taken(target, steps.length),
    t: ofEach(({ from }) => levels[from]!.t),
    stepCounts: ofEach(({ stepCount }) => stepCount),
  };
}

/**
 * Whether a student steps from states of its own, so that the pictures that are seen are those that it will make. One that predicts
 * noise does not: from next to no signal its least mistake would lead anywhere.
 */
function seesOwnPictures({ pictures, scheduler }: DistilSpec): boolean {
  return Boolean(pictures) && createSchedule(scheduler).predictionType !== 'epsilon';
}

/** The states from which the student's own steps begin: the noise, or where its steps before have led it. */
function ownStates(spec: DistilSpec, weights: Weights, batch: Batch, levels: Level[]): Tensor4D[] {
  const { predictionType } = createSchedule(spec.scheduler);
  const predict = studentOutput(spec, weights, batch, 1);
  const states: Tensor4D[] = [];
  let end: Tensor4D | null = null;
  for (const { from, to, stepCount } of longSteps(spec.conditioning.student.step_counts)) {
    const xt = from > 0 && end ? end : batchTensor<Tensor4D>(batch, 'eps');
    states.push(xt);
    if (to === levels.length - 1) continue;
    const ofAll = (value: number) => new Array<number>(xt.shape[0]).fill(value);
    const output = predict(xt, ofAll(levels[from]!.t), ofAll(stepCount));
    end = longStepEnd(predictionType, xt, output, levels[from]!.alphaBar, levels[to]!.alphaBar);
  }
  return states;
}

/** The teacher's output, guided by two passes in one, or without the second where no image is guided. */
function guidedTeacher(
  { config, conditioning, circular, guidanceInterval: [tMin, tMax] = [0, Number.POSITIVE_INFINITY] }: DistilSpec,
  weights: Weights,
  { classLabels, attributes }: Conditions,
  guidanceScales: ArrayLike<number>,
): (xt: Tensor4D, t: ArrayLike<number>) => Tensor4D {
  const { student: _, ...ofTeacher } = conditioning;
  const anything = {
    classLabels: Array.from(classLabels, () => conditioning.num_labels),
    attributes: Array.from(attributes, () => ANY),
  };
  const own = withoutPrefix(weights, CONDITIONING_PREFIX);
  const told = conditioningVectors(ofTeacher, own, { classLabels, attributes });
  const both = concat([told, conditioningVectors(ofTeacher, own, anything)]) as Tensor2D;
  const teacher = withoutPrefix(weights, TEACHER_PREFIX);
  return (xt, t) =>
    tidy(() => {
      const scales = Array.from(t, (at, i) => (at >= tMin && at <= tMax ? guidanceScales[i]! : 1));
      if (scales.every((scale) => scale === 1)) return unet2d(config, teacher, xt, t, told, { circular });
      const times = [...Array.from(t), ...Array.from(t)];
      const outputs = unet2d(config, teacher, concat([xt, xt]), times, both, { circular });
      const [cond, uncond] = split(outputs, 2) as [Tensor4D, Tensor4D];
      return guidedByEach(cond, uncond, scales);
    });
}

/** What a batch is told, once for each part of an image. */
function repeated(batch: Batch, numParts: number): Conditions {
  const { data: classLabels } = batchArray(batch, 'classLabels');
  const { data: attributes } = batchArray(batch, 'attributes');
  const numAttributes = attributes.length / classLabels.length;
  return {
    classLabels: each(classLabels, 1, numParts),
    attributes: numAttributes > 0 ? each(attributes, numAttributes, numParts) : [],
  };
}

/** Rows of so many values, each of them as often as an image has parts. */
function each(values: ArrayLike<number>, width: number, numParts: number): number[] {
  const rows = Array.from({ length: values.length / width }, (_, i) =>
    Array.from({ length: width }, (_, j) => values[i * width + j]!),
  );
  return rows.flatMap((row) => Array.from({ length: numParts }, () => row).flat());
}

/** An input of the shape (B, P, h, w, C) as one batch of B · P. */
function joined(batch: Batch, name: string): Tensor4D {
  const [, , ...rest] = batchArray(batch, name).shape;
  return reshape(batchTensor(batch, name), [-1, ...rest] as Shape4D) as Tensor4D;
}

/** Reads one batch of B · P back as (B, P, h, w, C), and disposes it. */
async function taken(tensor: Tensor4D, numParts: number) {
  const [whole, ...rest] = tensor.shape;
  const data = Float32Array.from(await tensor.data());
  tensor.dispose();
  return { shape: [whole / numParts, numParts, ...rest], data };
}
