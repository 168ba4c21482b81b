import { createHash } from 'node:crypto';
import {
  type AutoEncoder,
  type Dataset,
  DISTIL_DEFAULTS,
  type DistilOptions,
  type DistilSpec,
  decoderBeside,
  distilSpec,
  downloadWeights,
  formatSchedulerConfig,
  formatUNet2DConfig,
  isRolled,
  type KnownNetwork,
  type LatentStatistics,
  latentSubjects,
  loadModelFolder,
  type ModelContent,
  type ModelFiles,
  nullLabelLast,
  numFramesOf,
  parseAutoencoderKlConfig,
  parseSchedulerConfig,
  parseUNet2DConfig,
  pictureShapes,
  pixelStatistics,
  type SampleDefaults,
  type SchedulerConfig,
  type Shapes,
  type StudentNetwork,
  type StudentPictures,
  splitStudent,
  statisticsOfConfig,
  studentFrom,
  studentNetwork,
  studentScheduler,
  studentTrainer,
  type Trainer,
  type WeightTensor,
} from '../../runtime/index.ts';
import { modelSource } from '../node/openModel.ts';
import { framesAsPictures } from '../node/readDataset.ts';
import { rangeAsUsageError, UsageError } from '../node/usageError.ts';
import { loadWholeModel } from '../node/wholeModel.ts';
import { readKnownData } from './dataOfModel.ts';
import { learntLossNetwork, lossNetworkOf } from './lossNetwork.ts';
import { examplesOf } from './previewSheet.ts';
import { saveDiffusionModel } from './saveDiffusionModel.ts';
import type { TrainingData } from './trainingData.ts';
import { trainingLatents, withAttributes } from './trainingLatents.ts';
import { checkFrames } from './trainingOfFrames.ts';
import { type CommonTrainOptions, gradientsIn, type TrainingPlace, train, trainerOptions } from './trainingRun.ts';

export interface DistilCommandOptions extends CommonTrainOptions {
  guidanceSteps?: number;
  perceptualWeight: number;
  teacherSteps?: number;
  guidanceInterval?: [number, number];
}

/** A student, its teacher, and what it learns from. */
interface Distillation {
  files: ModelFiles;
  scheduler: SchedulerConfig;
  vae: AutoEncoder | null;
  data: TrainingData;
  options: DistilOptions;
  student: StudentNetwork;
  spec: DistilSpec;
}

/** figment distil */
export async function distil(name: string, command: DistilCommandOptions): Promise<void> {
  const distillation = await readDistillation(name, command);
  const { files, data, options, student, scheduler } = distillation;
  const examples = examplesOf(data.dataset, data.split);
  await train(command, {
    kind: 'distil',
    title: 'distil',
    data,
    options,
    notes: {
      teacher: teacherHash(student, files),
      stages: `${options.numGuidanceSteps}, ${options.teacherSteps}`,
      ...(options.guidanceInterval && { guidanceInterval: options.guidanceInterval.join() }),
      ...(options.pictures && { perceptualWeight: String(options.pictures.perceptualWeight) }),
    },
    shapes: shapesOf(student, options.pictures),
    keepsWeights: true,
    start: async (place) => {
      const trainer = await startTrainer(distillation, command, place);
      return {
        trainer,
        save: async ({ step }, isOwn) => {
          const content = studentContent(files, student, scheduler, options, await downloadWeights(trainer.ema));
          await saveDiffusionModel(content, { out: command.out, step, isOwn }, examples);
        },
      };
    },
  });
}

async function readDistillation(name: string, command: DistilCommandOptions): Promise<Distillation> {
  const files = await readTeacher(name);
  const choice = { ...command, seed: command.splitSeed ?? command.seed };
  const data = await readKnownData('distil', files, choice);
  checkFrames('distil', data.dataset, { flip: command.flip });
  const scheduler = parseSchedulerConfig(files.schedulerConfig, `${name}/scheduler/scheduler_config.json`);
  const vae = files.vaeConfig
    ? { config: parseAutoencoderKlConfig(files.vaeConfig, `${name}/vae/config.json`), weights: files.vae }
    : null;
  const circular = files.index.figment.circularPadding;
  const options = {
    ...distilOptions(command, files.index.figment.sampleDefaults, picturesOf(data.dataset, vae, command)),
    circular,
  };
  const untaught = studentNetwork(knownTeacher(name, files), options);
  const student = command.initFrom === undefined ? untaught : await taughtBefore(untaught, command.initFrom);
  const spec = rangeAsUsageError(() => distilSpec(student, scheduler, options));
  return { files, scheduler, vae, data, options, student, spec };
}

async function startTrainer(
  { files, vae, data, options, student, spec }: Distillation,
  command: DistilCommandOptions,
  place: TrainingPlace,
): Promise<Trainer> {
  const { workers, resumed } = place;
  const encoding = { vae, circular: options.circular, isShifted: isRolled(options, student.config) };
  const needsLatents = options.numGuidanceSteps > 0; // the second stage is told what images show, and sees none
  const subjects = needsLatents
    ? await trainingLatents('distil', data, encoding, command, place)
    : latentSubjects(data.dataset, data.split.train, vae?.config ?? null);
  const seenBy = options.pictures && !resumed ? await pictureWeights(vae, data, workers.length) : [];
  const start = resumed ?? new Map([...student.weights, ...seenBy]);
  const source = gradientsIn(workers, spec);
  return studentTrainer(withAttributes(data, subjects), statisticsOf(files), spec, options, start, source);
}

/** What decodes and judges the student's pictures; null where --perceptual-weight is 0. @throws UsageError as `lossNetworkOf` */
function picturesOf(
  dataset: Dataset,
  vae: AutoEncoder | null,
  { perceptualWeight }: DistilCommandOptions,
): StudentPictures | null {
  const lossNetwork = lossNetworkOf('distil', dataset, perceptualWeight);
  return lossNetwork && { perceptualWeight, lossNetwork, vae: vae?.config ?? null, numFrames: numFramesOf(dataset) };
}

/** The weights of what decodes and judges them: the model's decoder, and a classifier of single frames. */
async function pictureWeights(
  vae: AutoEncoder | null,
  data: TrainingData,
  numWorkers: number,
): Promise<[string, WeightTensor][]> {
  const lossNetwork = await learntLossNetwork('distil', framesAsPictures(data), numWorkers);
  return [...decoderBeside(vae?.weights ?? []), ...lossNetwork];
}

function distilOptions(
  command: DistilCommandOptions,
  usual: SampleDefaults,
  pictures: StudentPictures | null,
): DistilOptions {
  return {
    ...trainerOptions(command, DISTIL_DEFAULTS),
    numGuidanceSteps: command.guidanceSteps ?? DISTIL_DEFAULTS.numGuidanceSteps,
    teacherSteps: command.teacherSteps ?? DISTIL_DEFAULTS.teacherSteps,
    guidanceInterval: command.guidanceInterval ?? usual.guidanceInterval ?? null,
    balanced: command.balanced ?? false,
    pictures,
  };
}

/** A model with all its parts; of one that was distilled before, its teacher in place of the student. */
async function readTeacher(name: string): Promise<ModelFiles> {
  const files = await loadWholeModel(modelSource(name));
  const { student, ...figment } = files.index.figment;
  if (!student) return files;
  const { teacherConfig, teacher = new Map(), ...others } = files;
  const index = { ...files.index, figment: { ...figment, sampleDefaults: student.teacher } };
  return { ...others, index, unetConfig: teacherConfig, unet: teacher };
}

/** @throws UsageError for a model without a student, or with one of another network */
async function taughtBefore(student: StudentNetwork, name: string): Promise<StudentNetwork> {
  const source = modelSource(name);
  const { index, unet, conditioning = null } = await loadModelFolder(source, { acceptChanged: true });
  if (index.figment.student) {
    const { teacher = new Map() } = await loadModelFolder(source, { parts: ['teacher'], acceptChanged: true });
    return rangeAsUsageError(() => studentFrom(student, { unet, conditioning, teacher }));
  }
  throw new UsageError(`distil: ${name} has no student to begin with; leave out --init-from`);
}

/** @throws UsageError for a model that knows no "any", which guidance needs */
function knownTeacher(name: string, { index, unetConfig, unet, conditioning }: ModelFiles): KnownNetwork {
  const { labels, figment } = index;
  const { nullLabel = labels.length } = figment;
  if (nullLabel === null) {
    throw new UsageError(
      `distil: ${name} has no null label, so there is no guidance for a student to learn; train it on by figment train ddpm --init-from`,
    );
  }
  const config = parseUNet2DConfig(unetConfig, `${name}/unet/config.json`);
  const network = nullLabelLast({ config, weights: unet }, nullLabel);
  const known = config.class_embed_type === 'identity' ? (conditioning ?? null) : null;
  return { ...network, conditioning: known, labels, vocabulary: figment.attributes ?? {} };
}

/** Identifies a teacher by its own weights, whatever student lies beside it: SHA-256 in hexadecimal digits. */
function teacherHash({ weights }: StudentNetwork, { vae }: ModelFiles): string {
  const { teacher, conditioning } = splitStudent(weights);
  const shared = [...conditioning].filter(([name]) => !name.startsWith('student.'));
  const hash = createHash('sha256');
  for (const part of [teacher, shared, vae]) {
    for (const [name, { shape, data }] of [...part].sort(([a], [b]) => (a < b ? -1 : 1))) {
      hash.update(`${name} ${shape.join()}\n`).update(data);
    }
  }
  return hash.digest('hex');
}

/** Shapes of all weights in the checkpoint. */
function shapesOf({ weights }: StudentNetwork, pictures: StudentPictures | null): Shapes {
  const own = Array.from(weights, ([name, { shape }]): [string, number[]] => [name, [...shape]]);
  return new Map([...own, ...(pictures ? pictureShapes(pictures) : [])]);
}

/** By what the model's latents are standardised; pixels are taken as they are. */
function statisticsOf({ index, vaeConfig }: ModelFiles): LatentStatistics {
  return vaeConfig ? statisticsOfConfig(parseAutoencoderKlConfig(vaeConfig)) : pixelStatistics(index.figment.channels);
}

/** The model of a student beside its teacher: all other parts are those of the teacher's folder. */
function studentContent(
  files: ModelFiles,
  { config, conditioning }: StudentNetwork,
  scheduler: SchedulerConfig,
  { stepCounts, guidanceScale, guidanceInterval }: DistilOptions,
  weights: ReadonlyMap<string, WeightTensor>,
): ModelContent {
  const { nullLabel: _, ...figment } = files.index.figment;
  const [least, most] = guidanceScale;
  const usual = figment.sampleDefaults.guidanceScale;
  const { unet, conditioning: told, teacher } = splitStudent(weights);
  const unetConfig = formatUNet2DConfig(config);
  const own = formatSchedulerConfig(studentScheduler(scheduler));
  return {
    index: {
      ...files.index,
      scheduler: ['diffusers', String(own._class_name)],
      figment: {
        ...figment,
        sampleDefaults: {
          sampler: 'ddim',
          numInferenceSteps: Math.max(...stepCounts),
          guidanceScale: Math.min(most, Math.max(least, usual)),
        },
        student: {
          stepCounts: [...stepCounts],
          guidanceScale: [least, most],
          teacher: { ...figment.sampleDefaults, ...(guidanceInterval && { guidanceInterval }) },
        },
        sha256: {},
      },
    },
    unetConfig,
    unet,
    conditioningConfig: { _class_name: 'FigmentConditioning', ...conditioning },
    conditioning: told,
    vaeConfig: files.vaeConfig,
    vae: files.vae,
    schedulerConfig: own,
    cvaeConfig: files.cvaeConfig,
    cvae: files.cvae,
    teacherConfig: unetConfig,
    teacher,
  };
}
