import { normals } from '../core/random.ts';
import { CONDITIONAL_VAE_STREAMS, streamAt } from '../core/streams.ts';
import { vocabularyOf } from '../dataset/attributeColumns.ts';
import { AUGMENT_DEFAULTS, type AugmentOptions } from '../dataset/augment.ts';
import { type ColourRarity, colourRarity } from '../dataset/colourRarity.ts';
import type { Dataset } from '../dataset/dataset.ts';
import type { ClassifierConfig } from '../networks/classifier.ts';
import type { ConditionalVaeConfig } from '../networks/conditionalVae.ts';
import { attributeKinds } from '../networks/conditioningConfig.ts';
import { initialWeights } from '../networks/initialWeights.ts';
import type { Shapes } from '../networks/layers.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import { type Batch, pictureBatch, rarityOf } from './batch.ts';
import { dropConditions } from './dropConditions.ts';
import type { GradientSource } from './gradients.ts';
import type { Reconstruction } from './losses.ts';
import { createTask, type TaskSpec } from './task.ts';
import { createTrainer, TRAINER_DEFAULTS, type Trainer, type TrainerOptions, type TrainerState } from './trainer.ts';

/** How a conditional VAE is trained; the defaults are those of `CONDITIONAL_VAE_DEFAULTS`. */
export interface ConditionalVaeOptions extends TrainerOptions {
  /** uint32, of the first weights and of all draws; default 0. */
  seed: number;
  /** The reconstruction error: the mean absolute difference (l1, the default) or the squared one (l2). */
  reconstruction: Reconstruction;
  /**
   * The scale of log p(x | z), in units of the values: the smaller it is, the more a nat of KL divergence may buy. Above 0; default
   * 0.25.
   */
  reconstructionScale: number;
  /** Weight of the KL divergence in the evidence lower bound: 1 is the bound itself and the default, 0 a plain auto-encoder. */
  klWeight: number;
  /** Steps over which the weight of the KL divergence grows from 0; 0 or more; default 500. */
  klWarmupSteps: number;
  /** Weight of `gradientDifference` beside the reconstruction error: edges are sharper. 0 or more; default 0.5. */
  gradientWeight: number;
  /** Weight of an error in which each pixel counts by how rare its colour is (`colourRarity`): eyes instead of skin. 0 or more; default 0. */
  rareColourWeight: number;
  /** Weight of `perceptualDifference`: what a classifier of the data tells pictures by is painted more plainly. 0 or more; default 0. */
  perceptualWeight: number;
  /** The classifier that looks at them; needed where that weight is above 0, its weights being those of `lossNetworkWeights`; default null. */
  lossNetwork: ClassifierConfig | null;
  /**
   * With attributes: share of images trained without label and attributes, see `dropConditions`, 0 … 1; default 0.1. At 0 nothing
   * is ever left out, for a model whose examples decide on all that a recipe leaves open: z then holds what no word says.
   */
  condDropProb: number;
  /** The classes are drawn equally often, however many images each has; default false. */
  balanced: boolean;
  /** How pictures are altered before they are learned; default not at all. */
  augment: AugmentOptions;
}

export const CONDITIONAL_VAE_DEFAULTS: ConditionalVaeOptions = {
  ...TRAINER_DEFAULTS,
  seed: 0,
  reconstruction: 'l1',
  reconstructionScale: 0.25,
  klWeight: 1,
  klWarmupSteps: 500,
  gradientWeight: 0.5,
  rareColourWeight: 0,
  perceptualWeight: 0,
  lossNetwork: null,
  condDropProb: 0.1,
  balanced: false,
  augment: AUGMENT_DEFAULTS,
  batchSize: 32,
  microBatchSize: 16,
  learningRate: 1e-3,
  numWarmupSteps: 100,
  decayFrom: 0.3,
  weightDecay: 0.01,
  emaDecay: 0.995,
};

const LEVELS = [32, 64, 112];

/**
 * A network of 1.3 million weights, 2.6 MB in float16; one of data with attributes knows all of these, and is wider where it is
 * told them. Images of 64 px and more have one more level, so that they cost little more than smaller ones.
 */
export function defaultConditionalVaeConfig(
  dataset: Pick<Dataset, 'channels' | 'widthPx' | 'heightPx' | 'labels' | 'attributes'>,
  latentSize = 64,
): ConditionalVaeConfig {
  const isLarge = Math.max(dataset.widthPx, dataset.heightPx) >= 64;
  const attributes = attributeKinds(vocabularyOf(dataset.attributes));
  const knowsMany = Object.keys(attributes).length > 0; // the words of many attributes, added up, have no room in 32 values
  return {
    in_channels: dataset.channels,
    num_labels: dataset.labels.length,
    sample_size: [dataset.heightPx, dataset.widthPx],
    block_out_channels: isLarge ? [16, ...LEVELS] : LEVELS,
    latent_size: latentSize,
    label_channels: knowsMany ? 128 : 32,
    hidden_channels: knowsMany ? 256 : 128,
    norm_num_groups: 8,
    norm_eps: 1e-5,
    attributes,
  };
}

/** What `conditionalVaeTrainer` trains, as plain data: it is sent to workers, which compute gradients by it; checkpoints do not hold it. */
export function conditionalVaeTaskSpec(config: ConditionalVaeConfig, options: ConditionalVaeOptions): TaskSpec {
  const { reconstruction, reconstructionScale, gradientWeight, rareColourWeight, perceptualWeight, lossNetwork } =
    options;
  const weights = { gradientWeight, rareColourWeight, perceptualWeight };
  return { kind: 'cvae', config, reconstruction, reconstructionScale, ...weights, lossNetwork };
}

/** Shapes of the weights of the network, and of a loss network beside it, in PyTorch's layout. */
export function conditionalVaeTrainingShapes(config: ConditionalVaeConfig, options: ConditionalVaeOptions): Shapes {
  return createTask(conditionalVaeTaskSpec(config, options)).shapes;
}

/**
 * The weight of the KL divergence at a step: linear from 0 up to `klWeight`, so that the decoder learns to use z before z
 * costs anything.
 *
 * Source: Bowman et al. 2016, arXiv:1511.06349, section 3.1; linear as in Sønderby et al. 2016, arXiv:1602.02282.
 * @param step from 0
 */
export function klWeightAt({ klWeight, klWarmupSteps }: ConditionalVaeOptions, step: number): number {
  return klWeight * Math.min(1, (step + 1) / Math.max(1, klWarmupSteps));
}

/**
 * A training of a class-conditional VAE with one latent vector; run it with
 * `for await (const step of trainer.run(signal))`. Its loss is the negative evidence lower bound: see `elbo`.
 *
 * @param indices the training images
 * @param start   state to go on from, or weights (PyTorch's layout) to begin with; those that are absent are random
 * @param source  where gradients are computed; this thread when absent
 */
export function conditionalVaeTrainer(
  dataset: Dataset,
  indices: Int32Array,
  config: ConditionalVaeConfig,
  options: ConditionalVaeOptions,
  start?: TrainerState | Map<string, WeightTensor>,
  source?: GradientSource,
): Trainer {
  const rarity = options.rareColourWeight > 0 ? colourRarity(dataset, indices) : null;
  const batchAt = (step: number) => conditionalVaeBatch(dataset, indices, config, options, rarity, step);
  const spec = conditionalVaeTaskSpec(config, options);
  const isState = start !== undefined && !(start instanceof Map);
  const from = isState ? start : new Map([...initialWeights(createTask(spec).shapes, options.seed), ...(start ?? [])]);
  return createTrainer(spec, batchAt, options, from, source);
}

function conditionalVaeBatch(
  dataset: Dataset,
  indices: Int32Array,
  { latent_size, num_labels, attributes }: ConditionalVaeConfig,
  options: ConditionalVaeOptions,
  rarity: ColourRarity | null,
  step: number,
): Batch {
  const { batchSize, seed } = options;
  const pictures = pictureBatch(dataset, indices, options, step);
  return {
    ...pictures,
    ...(rarity && { rarity: rarityOf(rarity, pictures.x) }),
    ...(Object.keys(attributes).length > 0 && toldOf(pictures, num_labels, options, step)),
    eps: {
      shape: [batchSize, latent_size],
      data: normals(seed, streamAt(CONDITIONAL_VAE_STREAMS.eps, step), batchSize * latent_size),
    },
    klWeight: { shape: [batchSize], data: new Float32Array(batchSize).fill(klWeightAt(options, step)) },
  };
}

/** What the network is told of the pictures: each attribute is left out now and then, so that a recipe may do so; at 0 none is. */
function toldOf(
  { classLabels, attributes }: ReturnType<typeof pictureBatch>,
  nullLabel: number,
  { seed, condDropProb }: ConditionalVaeOptions,
  step: number,
): Batch {
  if (!attributes) throw new RangeError('conditionalVaeTrainer: the network knows attributes, but the data have none');
  if (condDropProb === 0) return { classLabels, attributes };
  const known = { classLabels: classLabels.data as Int32Array, attributes: attributes.data as Float32Array };
  const told = dropConditions(known, nullLabel, condDropProb, seed, streamAt(CONDITIONAL_VAE_STREAMS.drop, step));
  return {
    classLabels: { ...classLabels, data: told.classLabels },
    attributes: { ...attributes, data: told.attributes },
  };
}
