import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { dispose, type Tensor } from '@tensorflow/tfjs-core';
import envPaths from 'env-paths';
import {
  CLASSIFIER_DEFAULTS,
  type ClassifierConfig,
  type ClassifierOptions,
  checkWeights,
  classifierShapes,
  classifierTaskSpec,
  classifierTrainer,
  type Dataset,
  dataParallelGradients,
  defaultClassifierConfig,
  downloadWeights,
  encodeColumns,
  parseClassifierConfig,
  parseSafetensors,
  type Shapes,
  uploadWeights,
  vocabularyOf,
  type WeightTensor,
  writeSafetensors,
} from '../../../runtime/index.ts';
import { makeWritableFolder, writeFileAtomic } from '../../node/atomicWrite.ts';
import { letEventsIn } from '../../node/interrupt.ts';
import { startGradientWorkers } from '../../node/nodeWorkers.ts';
import { startProgress } from '../../node/terminal.ts';
import { UsageError } from '../../node/usageError.ts';

export interface OpenClassifierOptions {
  /** File that keeps it; default: one in the user's cache folder. */
  file?: string;
  /** The training images. */
  indices: Int32Array;
  /** Steps that it is trained; default: those of the file, and of a new one `stepsForImages`. */
  numSteps?: number;
  /** Threads to train with; 1 trains on this one, on the current backend. */
  numWorkers: number;
  /** uint32, of a new one; default 0. A classifier of another seed is another judge. */
  seed?: number;
  /** Who opens it, for errors; default: the evaluation. */
  owner?: NetworkOwner;
}

/** Which command keeps a network, and what to do where its file is of no use. */
export interface NetworkOwner {
  operation: string;
  remedy: string;
}

const EVALUATION: NetworkOwner = { operation: 'evaluate', remedy: 'name a file elsewhere by --classifier' };

export type Judge = TrainedNetworkAtWork<ClassifierConfig>;

/**
 * The judge of a data set: read from its file where one was trained on the same images before, otherwise trained and stored.
 *
 * @throws UsageError when the file named belongs to other data, or was trained for another number of steps than asked for
 */
export async function openJudge(dataset: Dataset, options: OpenClassifierOptions): Promise<Judge> {
  const digest = trainingDigest(dataset, options.indices);
  const config = defaultClassifierConfig(dataset);
  const { seed = CLASSIFIER_DEFAULTS.seed, owner } = options;
  const numSteps = options.numSteps ?? stepsForImages(options.indices.length);
  const judge = await openTrained({
    file: options.file ?? cachedFile(dataset.name, config, seed === 0 ? digest : `${digest} ${seed}`, numSteps),
    digest,
    numSteps,
    owner,
    config,
    parse: parseClassifierConfig,
    shapes: classifierShapes,
    train: () => train(dataset, config, { ...options, numSteps, seed }),
  });
  if (options.numSteps === undefined || judge.numSteps === numSteps) return judge;
  judge.dispose();
  throw new UsageError(
    `evaluate: classifier ${judge.file} was trained for ${judge.numSteps} steps, not ${numSteps}; leave out --classifier-steps, or name a new file`,
  );
}

/** How often a judge sees each image, and in how many steps at most; of few images it takes a classifier's usual steps. */
const NUM_PASSES = 8;
const MOST_STEPS = 6000;

/** Steps that a judge is trained on so many images: one that has seen them but twice or thrice misses what is small. */
export function stepsForImages(numImages: number): number {
  const { batchSize, numSteps: leastSteps } = CLASSIFIER_DEFAULTS;
  return Math.min(Math.max(Math.ceil((NUM_PASSES * numImages) / batchSize), leastSteps!), MOST_STEPS);
}

/** A network that evaluations train and keep. */
interface TrainedNetworkPlan<Config> {
  file: string;
  /** A digest of everything that the judge learns from. */
  digest: string;
  numSteps: number;
  /** Default: the evaluation. */
  owner?: NetworkOwner;
  config: Config;
  parse(config: unknown, fileName: string): Config;
  shapes(config: Config): Shapes;
  train(config: Config): Promise<Map<string, WeightTensor>>;
}

/** A network whose weights are on the current backend. */
export interface TrainedNetworkAtWork<Config> {
  file: string;
  config: Config;
  weights: Record<string, Tensor>;
  /** Steps it was trained for. */
  numSteps: number;
  isNew: boolean;
  dispose(): void;
}

/** Reads a network from its file; or trains it, and stores it there. @throws UsageError when the file belongs to other data */
export async function openTrained<Config>(plan: TrainedNetworkPlan<Config>): Promise<TrainedNetworkAtWork<Config>> {
  const { file, digest, numSteps, config, owner = EVALUATION } = plan;
  const { operation, remedy } = owner;
  const stored = await readIfThere(file, owner);
  if (stored) return opened({ file, isNew: false, ...readTrained(stored, plan) });
  await makeWritableFolder(dirname(file), { name: `${operation}: the folder of ${file}`, remedy }); // before minutes of training
  const weights = await plan.train(config);
  await store(file, weights, { config: JSON.stringify(config), digest, numSteps: String(numSteps) }, owner);
  return opened({ file, config, weights, numSteps, isNew: true });
}

function opened<Config>(
  parts: Omit<TrainedNetworkAtWork<Config>, 'weights' | 'dispose'> & { weights: Map<string, WeightTensor> },
): TrainedNetworkAtWork<Config> {
  const weights = uploadWeights(parts.weights);
  return { ...parts, weights, dispose: () => dispose(Object.values(weights)) };
}

/** A judge of another make has another file. */
function cachedFile(dataName: string, config: ClassifierConfig, digest: string, numSteps: number): string {
  const name = dataName.replace(/[^\w-]+/g, '_');
  const make = createHash('sha256')
    .update(`${digest} ${JSON.stringify(config)}`)
    .digest('hex');
  const folder = join(envPaths('babylon-figment', { suffix: '' }).cache, 'classifiers');
  return join(folder, `${name}-${make.slice(0, 16)}-${numSteps}.safetensors`);
}

/** sha-256 of what a network learns from: labels, sizes, and the training images with their attributes. */
export function trainingDigest(dataset: Dataset, indices: Int32Array): string {
  const { labels, widthPx, heightPx, channels, images, classLabels, attributes = [] } = dataset;
  const length = widthPx * heightPx * channels;
  const hash = createHash('sha256').update(JSON.stringify({ labels, widthPx, heightPx, channels }));
  if (attributes.length > 0) {
    hash.update(JSON.stringify(vocabularyOf(attributes))).update(encodeColumns(attributes, indices));
  }
  for (const image of indices) {
    hash.update(`${classLabels[image]} `).update(images.subarray(image * length, (image + 1) * length));
  }
  return hash.digest('hex');
}

async function readIfThere(file: string, { operation, remedy }: NetworkOwner): Promise<Uint8Array | null> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${operation}: classifier ${file} cannot be read (${code}); ${remedy}`);
  }
}

function readTrained<Config>(
  bytes: Uint8Array,
  { file, digest, parse, shapes }: TrainedNetworkPlan<Config>,
): { config: Config; weights: Map<string, WeightTensor>; numSteps: number } {
  const { metadata, tensors } = parseSafetensors(bytes, file);
  if (metadata.config === undefined) {
    throw new UsageError(`evaluate: ${file} is no classifier; name one made by figment evaluate, or a new file`);
  }
  if (metadata.digest !== digest) {
    throw new UsageError(
      `evaluate: classifier ${file} was trained on other images; name a new file, or the same --data, --held-out and --split-seed`,
    );
  }
  const config = parse(JSON.parse(metadata.config), file);
  checkWeights(tensors, shapes(config), file);
  return { config, weights: tensors as Map<string, WeightTensor>, numSteps: Number(metadata.numSteps) };
}

async function train(
  dataset: Dataset,
  config: ClassifierConfig,
  { indices, numSteps, numWorkers, seed }: OpenClassifierOptions & { numSteps: number; seed: number },
): Promise<Map<string, WeightTensor>> {
  const options: ClassifierOptions = { ...CLASSIFIER_DEFAULTS, numSteps, seed };
  const source =
    numWorkers > 1 ? dataParallelGradients(classifierTaskSpec(config), startGradientWorkers(numWorkers)) : undefined;
  const trainer = classifierTrainer(dataset, indices, config, options, undefined, source);
  const progress = startProgress('train classifier');
  try {
    let accuracy = 1 / config.num_labels;
    for await (const step of trainer.run()) {
      accuracy += 0.05 * (step.metrics.accuracy! - accuracy);
      progress.update(
        step.progress,
        `step ${step.step} | loss ${step.loss.toFixed(3)} | accuracy ${accuracy.toFixed(3)}`,
      );
      await letEventsIn();
    }
    return await downloadWeights(trainer.ema);
  } finally {
    progress.stop();
    await trainer.dispose();
  }
}

async function store(
  file: string,
  weights: Map<string, WeightTensor>,
  metadata: Record<string, string>,
  { operation, remedy }: NetworkOwner,
) {
  try {
    await writeFileAtomic(file, writeSafetensors(weights, { metadata }));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${operation}: classifier ${file} cannot be written (${code}); ${remedy}`);
  }
}
