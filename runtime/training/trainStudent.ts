import { integers, normals, uniforms } from '../core/random.ts';
import { STUDENT_STREAMS, streamAt } from '../core/streams.ts';
import type { SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { conditioningShapes, isOfStudent } from '../networks/conditioning.ts';
import { conditioningConfig, type StudentConfig } from '../networks/conditioningConfig.ts';
import { initialWeights } from '../networks/initialWeights.ts';
import type { LatentStatistics } from '../networks/latentScaling.ts';
import { POSITION_EMBEDDING } from '../networks/unet2d.ts';
import { timeChannels } from '../networks/unet2dEmbedding.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import { adaptConditioning, type ConditionedNetwork, type KnownNetwork } from './adaptConditioning.ts';
import type { Batch, BatchArray } from './batch.ts';
import { joinConditioning, splitConditioning } from './conditionedNetwork.ts';
import { checkAttributes, diffusionBatch, noiseBatch } from './diffusionBatch.ts';
import { longSteps } from './distillation.ts';
import { type DistilSpec, isLearned } from './distilTask.ts';
import type { GradientSource } from './gradients.ts';
import type { LatentDataset, LatentSubjects } from './latentDataset.ts';
import { unetOfMoreLatents } from './moreLatents.ts';
import { isOfPictures, MOST_FRAMES, type StudentPictures } from './studentPictures.ts';
import { joinTeacher, splitTeacher, TEACHER_PREFIX } from './teacherWeights.ts';
import { isRolled } from './trainDiffusion.ts';
import { createTrainer, TRAINER_DEFAULTS, type Trainer, type TrainerOptions, type TrainerState } from './trainer.ts';

/** How a student is trained; the defaults are those of `DISTIL_DEFAULTS`. */
export interface DistilOptions extends TrainerOptions {
  /** uint32, of the first weights and of all draws; default 0. */
  seed: number;
  /** The numbers of steps that the student learns, 1 or more; each divides the largest. Default 1, 2 and 4. */
  stepCounts: readonly number[];
  /** The least and the largest guidance scale that it learns, 0 … 20; default 1 and 5. */
  guidanceScale: readonly [least: number, most: number];
  /** Training steps of stage one, in which it learns guidance alone; the long steps of stage two teach it as well. 0 or more; default 0. */
  numGuidanceSteps: number;
  /** In how many steps the teacher makes the pictures of stage two: a multiple of the student's most; default 16. */
  teacherSteps: number;
  /** The training timesteps between which the teacher is guided, 0 or more, the smaller one first; default null: at all of them. */
  guidanceInterval: readonly [tMin: number, tMax: number] | null;
  /** The classes are drawn equally often, however many images each has; default false. */
  balanced: boolean;
  /** For seamless pictures: every convolution wraps around the borders; default false. */
  circular: boolean;
  /** What decodes and judges its pictures beside the teacher's, with weights that begin beside the student's; default null: nothing does. */
  pictures: StudentPictures | null;
}

/** A batch counts images; of each the student learns seven steps, or noise levels. */
export const DISTIL_DEFAULTS: DistilOptions = {
  ...TRAINER_DEFAULTS,
  seed: 0,
  stepCounts: [1, 2, 4],
  guidanceScale: [1, 5],
  numGuidanceSteps: 0,
  teacherSteps: 16,
  guidanceInterval: null,
  balanced: false,
  circular: false,
  pictures: null,
  batchSize: 8,
  microBatchSize: 4,
  learningRate: 2e-4,
  numWarmupSteps: 50,
  decayFrom: 0.4,
  weightDecay: 0,
  emaDecay: 0.99,
};

/** A student before its first step, and its teacher. */
export interface StudentNetwork extends ConditionedNetwork {
  conditioning: DistilSpec['conditioning'];
  /** The weights of the student's U-Net, of the conditioning of both, and of the teacher's U-Net, in one map. */
  weights: Map<string, WeightTensor>;
}

/**
 * A student that begins as its teacher without guidance: the same weights, and what it is told of its sampling adds nothing
 * at first. Both take vectors: the classes of a U-Net that took them become the labels of the conditioning.
 *
 * @param teacher with its null label in the last row
 * @param seed    uint32, of the first layer of G
 * @throws        RangeError as `adaptConditioning`, or when one of the step counts does not divide the largest
 */
export function studentNetwork(
  teacher: KnownNetwork,
  { stepCounts, guidanceScale, seed }: Pick<DistilOptions, 'stepCounts' | 'guidanceScale' | 'seed'>,
): StudentNetwork {
  longSteps(stepCounts);
  const { labels, vocabulary } = teacher;
  const { config, weights } = adaptConditioning(teacher, labels, vocabulary, seed);
  const student: StudentConfig = { step_counts: [...stepCounts], guidance_scale: [...guidanceScale] };
  const known = splitConditioning(weights);
  const conditioning = { ...conditioningConfig(timeChannels(config), labels.length, vocabulary, student), student };
  const own = [...initialWeights(conditioningShapes(conditioning), seed)].filter(([name]) => isOfStudent(name));
  for (const [name, { data }] of own) if (!name.includes('.linear_1.')) data.fill(0);
  const joined = joinConditioning(known.unet, new Map([...known.conditioning, ...own]));
  return { config, conditioning, weights: new Map([...joined, ...joinTeacher(known.unet)]) };
}

/**
 * Goes on with the student of an earlier training. Each weight of its U-Net is moved by as much as the same weight of its
 * teacher has changed since that training; the weights that student and teacher share are those of the present teacher, and so are
 * the places of a tile where that teacher knew none, and what it says of latent channels that it had not.
 *
 * Source: such sums of differences of weights do what both trainings did, Ilharco et al. 2023, arXiv:2212.04089, and few steps
 * go well with it, Luo et al. 2023, arXiv:2311.05556.
 * @param learned the student's U-Net, its conditioning and its teacher of that time, as a model folder keeps them
 * @throws        RangeError where the weights are those of another network
 */
export function studentFrom(
  student: StudentNetwork,
  learned: Pick<KnownNetwork, 'conditioning'> & Record<'unet' | 'teacher', ReadonlyMap<string, WeightTensor>>,
): StudentNetwork {
  const [unet, teacher] = [learned.unet, learned.teacher].map((weights) =>
    unetOfMoreLatents(weights, student.config.in_channels),
  ) as [typeof learned.unet, typeof learned.teacher];
  const known = joinConditioning(unet, learned.conditioning ?? new Map<string, WeightTensor>());
  const weights = Array.from(student.weights, ([name, own]): [string, WeightTensor] => {
    if (!isLearned(name)) return [name, own];
    const found = known.get(name);
    if (!found && name === POSITION_EMBEDDING) return [name, own]; // what the teacher has learnt since
    if (String(found?.shape) === String(own.shape)) {
      return [name, plusDifference(found!, student.weights.get(TEACHER_PREFIX + name), teacher.get(name))];
    }
    const problem = found ? `is ${found.shape.join('×')}, expected ${own.shape.join('×')}` : 'is missing';
    throw new RangeError(`distil: the student to begin with is of another network: ${name} ${problem}`);
  });
  return { ...student, weights: new Map(weights) };
}

/** A weight of the student and what its teacher's has become since; the weight alone where a teacher has none of that size. */
function plusDifference(own: WeightTensor, now?: WeightTensor, before?: WeightTensor): WeightTensor {
  if (!now || String(now.shape) !== String(before?.shape)) return own;
  return { ...own, data: own.data.map((value, i) => value + now.data[i]! - before!.data[i]!) };
}

/** The parts of a student's weights, as a model folder keeps them; decoder and classifier of the training are left out. */
export function splitStudent<T>(
  weights: ReadonlyMap<string, T>,
): Record<'unet' | 'conditioning' | 'teacher', Map<string, T>> {
  const own = new Map([...weights].filter(([name]) => !isOfPictures(name)));
  const { teacher, others } = splitTeacher(own);
  return { ...splitConditioning(others), teacher };
}

/** The scheduler of a model for its student too, whose steps are those of DDIM from the last timestep on. */
export function studentScheduler(scheduler: SchedulerConfig): SchedulerConfig {
  return {
    ...scheduler,
    className: 'DDIMScheduler',
    timestepSpacing: 'trailing',
    stepsOffset: 0,
    clipSample: false,
    setAlphaToOne: true,
  };
}

/**
 * The distillation of a student, as plain data. Its teacher makes pictures by DPM-Solver++, at multiples of the student's steps.
 *
 * @param scheduler what the teacher was trained with
 * @throws          RangeError where the teacher's steps, or the timesteps of the schedule, are no multiple of the largest step
 *                  count; that it is a multiple of all other counts is checked by `studentNetwork`
 */
export function distilSpec(
  { config, conditioning }: Pick<StudentNetwork, 'config' | 'conditioning'>,
  scheduler: SchedulerConfig,
  {
    stepCounts,
    teacherSteps,
    guidanceInterval,
    circular,
    pictures,
  }: Pick<DistilOptions, 'stepCounts' | 'teacherSteps' | 'guidanceInterval' | 'circular' | 'pictures'>,
): DistilSpec {
  const most = Math.max(...stepCounts);
  if (teacherSteps % most !== 0 || scheduler.numTrainTimesteps % most !== 0) {
    throw new RangeError(
      `distil: the teacher takes ${teacherSteps} of ${scheduler.numTrainTimesteps} steps; expected multiples of the student's ${most}`,
    );
  }
  const own = studentScheduler(scheduler);
  const teacher = { teacherSampler: 'dpm++', teacherSteps, ...(guidanceInterval && { guidanceInterval }) } as const;
  return { kind: 'distil', config, conditioning, circular, scheduler: own, ...teacher, pictures };
}

/**
 * A training of a student of few steps that is told its guidance scale; see `distilTask` for its two stages.
 *
 * @param latents    the data that the teacher was trained on: stage one noises them, and stage two asks for what they show alone
 * @param statistics mean and standard deviation of each latent channel, as the model divides by them
 * @param start      weights from `studentNetwork`, or a state to go on from
 * @param source     where gradients are computed; this thread when absent
 * @throws           RangeError when there is a stage one and the latents are subjects only
 */
export function studentTrainer(
  latents: LatentDataset | LatentSubjects,
  statistics: LatentStatistics,
  spec: DistilSpec,
  options: DistilOptions,
  start: TrainerState | Map<string, WeightTensor>,
  source?: GradientSource,
): Trainer {
  checkAttributes(latents, spec.conditioning);
  if (options.numGuidanceSteps > 0 && !('mean' in latents)) {
    throw new RangeError('studentTrainer: the first stage noises latents, of which there are none; encode the data');
  }
  const batchAt = (step: number) => distilBatch(latents, statistics, spec, options, step);
  return createTrainer(spec, batchAt, options, start, source);
}

function distilBatch(
  latents: LatentDataset | LatentSubjects,
  statistics: LatentStatistics,
  { config, conditioning, scheduler, pictures }: DistilSpec,
  options: DistilOptions,
  step: number,
): Batch {
  const { batchSize, seed, guidanceScale, numGuidanceSteps } = options;
  const all = Int32Array.from(latents.classLabels.keys());
  const of = { ...options, condDropProb: 0, timestepShift: 1, conditioning, isRolled: isRolled(options, config) };
  const [least, most] = guidanceScale;
  const draws = uniforms(seed, streamAt(STUDENT_STREAMS.guidanceScale, step), batchSize);
  const guidanceScales = { shape: [batchSize], data: Float32Array.from(draws, (u) => least + (most - least) * u) };
  if (step >= numGuidanceSteps || !('mean' in latents)) {
    const noise = noiseBatch(latents, all, conditioning.num_labels, of, step);
    return { ...noise, guidanceScales, ...(pictures && { frames: framesAt(pictures, options, step) }) };
  }
  const { x0, ...told } = diffusionBatch(latents, statistics, all, conditioning.num_labels, of, step);
  const numLevels = longSteps(conditioning.student.step_counts).length;
  return {
    ...told,
    x0: x0!,
    eps: {
      shape: [batchSize, numLevels, ...latents.shape],
      data: normals(seed, streamAt(STUDENT_STREAMS.level, step), numLevels * x0!.data.length),
    },
    t: {
      shape: [batchSize, numLevels],
      data: integers(
        seed,
        streamAt(STUDENT_STREAMS.levelTime, step),
        batchSize * numLevels,
        scheduler.numTrainTimesteps,
      ),
    },
    guidanceScales,
  };
}

/** Draws the frames that a training step looks at, (B, K): the same ones of all B pictures. */
function framesAt({ numFrames }: StudentPictures, { batchSize, seed }: DistilOptions, step: number): BatchArray {
  const count = Math.min(MOST_FRAMES, numFrames);
  const frames = integers(seed, streamAt(STUDENT_STREAMS.frame, step), count, numFrames);
  const data = Int32Array.from({ length: batchSize * count }, (_, i) => frames[i % count]!);
  return { shape: [batchSize, count], data };
}
