// The loss of an auto-encoder.
import { add, addN, clone, keep, mul, type Scalar, type Tensor4D, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { autoencoderKlShapes, decode, encode } from '../networks/autoencoderKl.ts';
import { type AutoencoderKlConfig, pixelChannels, pixelsPerLatent } from '../networks/autoencoderKlConfig.ts';
import type { ClassifierConfig } from '../networks/classifier.ts';
import { type ConditionKinds, conditionHeadShapes, conditionLogits } from '../networks/conditionHead.ts';
import { discriminate, discriminatorShapes, isOfDiscriminator } from '../networks/discriminator.ts';
import { sampleLatents } from '../networks/latentDistribution.ts';
import { scaleLatents } from '../networks/latentScaling.ts';
import type { Shapes, Weights } from '../networks/layers.ts';
import { type Batch, batchArray, batchTensor } from './batch.ts';
import { attributeLossOf } from './batchLosses.ts';
import { encodeAsTeacher, isEncoder, latentError, teacherShapes } from './latentTeacher.ts';
import {
  coarseDifference,
  gradientDifference,
  hingeLoss,
  klDivergence,
  type Reconstruction,
  realismLoss,
  reconstructionError,
  weightedDifference,
} from './losses.ts';
import { isOfLossNetwork, lossNetworkShapes, perceptualDifference, seenLevels } from './perceptualLoss.ts';
import { constantWeights, stopGradient } from './stopGradient.ts';
import { isOfTeacher } from './teacherWeights.ts';
import type { TrainingTask } from './trainingTask.ts';

/** How an auto-encoder is trained, and what is trained together with it. */
export interface VaeSpec {
  kind: 'vae';
  config: AutoencoderKlConfig;
  circular: boolean;
  reconstruction: Reconstruction;
  klWeight: number;
  /** Weight in the loss of the squared error; the reconstruction error has weight 1. */
  l2Weight: number;
  /** Weight in the loss of `gradientDifference`. */
  gradientWeight: number;
  /** Weight in the loss of `coarseDifference`, of blocks of one latent each; absent: 0. */
  coarseWeight?: number;
  /** Weight in the loss of `weightedDifference`, where rare colours count more; absent: 0. */
  rareColourWeight?: number;
  /** Weight in the loss of `attributeLoss`, by a linear map of the latents that is trained at the same time; absent: 0. */
  conditionWeight?: number;
  /** What that linear map tells; absent and null: nothing. */
  conditions?: ConditionKinds | null;
  /** Weight in the loss of `perceptualDifference`; absent: 0. */
  perceptualWeight?: number;
  /** The classifier whose eyes that difference takes; absent and null: there is none. */
  lossNetwork?: ClassifierConfig | null;
  /** Weight in the loss of `realismLoss`, by a discriminator that is trained at the same time; absent: 0, and there is none. */
  adversarialWeight?: number;
  /** What the difference of each channel counts in all of these losses; absent and null: 1. */
  channelWeights?: readonly number[] | null;
  /** Keep the encoder as it is and train the decoder alone. */
  freezeEncoder: boolean;
  /** The auto-encoder whose latents this one learns, its encoder's weights being those of `teacherShapes`; absent and null: the latents are free. */
  teacher?: AutoencoderKlConfig | null;
}

/**
 * Batch: x (B, H, W, C) in [−1, 1], eps (B, h, w, latent_channels) standard normal; where the decoder is to see disturbed
 * latents, latentNoise, of the same shape, is added to them; with a discriminator also adversarial (B), the share of its weight;
 * where rare colours count more, rarity (B, H, W, 1), how much each pixel counts; where conditions are told, those as
 * attributes, and attributeWeights (B, conditions).
 */
export function vaeTask(spec: VaeSpec): TrainingTask {
  const { freezeEncoder } = spec;
  return {
    shapes: shapesOf(spec),
    isTrained: (name) => !isOfTeacher(name) && !isOfLossNetwork(name) && !(freezeEncoder && isEncoder(name)),
    loss: (weights, batch) => tidy(() => vaeLoss(spec, weights, batch)),
  };
}

/** The loss of a batch, a weighted sum of its parts, and those of them that are worth showing. */
function vaeLoss(spec: VaeSpec, weights: Weights, batch: Batch) {
  const { config, circular, reconstruction, klWeight, channelWeights, freezeEncoder, teacher = null } = spec;
  const x = batchTensor<Tensor4D>(batch, 'x');
  const own = encode(config, weights, x, circular);
  const distribution = teacher ? encodeAsTeacher(teacher, weights, x, circular) : own;
  const z = sampleLatents(distribution, batchTensor<Tensor4D>(batch, 'eps'));
  const latents = batch.latentNoise ? (add(z, batchTensor<Tensor4D>(batch, 'latentNoise')) as Tensor4D) : z;
  const decoded = decode(config, weights, latents, circular);
  const kl = klDivergence(distribution);
  const [target, given] = [x, decoded].map((images) =>
    channelWeights ? mul(images, tensor1d([...channelWeights])) : images,
  ) as [Tensor4D, Tensor4D];
  const error = reconstructionError(reconstruction, target, given);
  const told = toldPart(spec, weights, latents, batch);
  const seen = seenPart(spec, weights, { x, decoded });
  const parts: Part[] = [
    [error, 1],
    [kl, freezeEncoder || teacher ? 0 : klWeight],
    ...(teacher ? [[latentError(teacher, own, distribution), 1] as Part] : []),
    ...pixelParts(spec, { target, given }, batch),
    ...Object.values(seen),
    ...Object.values(told),
    ...adversarialParts(spec, weights, { x, decoded, latents }, batch),
  ];
  const weighted = parts.filter(([, weight]) => weight > 0).map(([part, weight]) => mul(part, weight) as Scalar);
  const unweighted = channelWeights ? reconstructionError(reconstruction, x, decoded) : error;
  const metrics = Object.entries({ [reconstruction]: unweighted, kl, ...valuesOf(told), ...valuesOf(seen) });
  return {
    loss: addN(weighted) as Scalar,
    metrics: Object.fromEntries(metrics.map(([name, value]) => [name, keep(clone(value))])),
  };
}

/** A part of the loss, and its weight in it. */
type Part = [value: Scalar, weight: number];

const valuesOf = (parts: Record<string, Part>) =>
  Object.fromEntries(Object.entries(parts).map(([name, [value]]) => [name, value]));

/** The parts of the loss that compare decoded pixels with those of the images, each where its weight is above 0. */
function pixelParts(
  { config, l2Weight, gradientWeight, coarseWeight = 0, rareColourWeight = 0 }: VaeSpec,
  { target, given }: Record<'target' | 'given', Tensor4D>,
  batch: Batch,
): Part[] {
  const parts: Part[] = [];
  if (l2Weight > 0) parts.push([reconstructionError('l2', target, given), l2Weight]);
  if (gradientWeight > 0) parts.push([gradientDifference(target, given), gradientWeight]);
  if (coarseWeight > 0) parts.push([coarseDifference(target, given, pixelsPerLatent(config)), coarseWeight]);
  if (rareColourWeight > 0) {
    parts.push([weightedDifference(target, given, batchTensor<Tensor4D>(batch, 'rarity')), rareColourWeight]);
  }
  return parts;
}

/** The part of the loss that is small where a classifier of the data sees the same in images and decoded ones; none without one. */
function seenPart(
  { lossNetwork = null, perceptualWeight = 0 }: VaeSpec,
  weights: Weights,
  { x, decoded }: Record<'x' | 'decoded', Tensor4D>,
): Record<string, Part> {
  if (!lossNetwork) return {};
  const [target, given] = [x, decoded].map((images) => seenLevels(lossNetwork, weights, images)) as [
    Tensor4D[],
    Tensor4D[],
  ];
  return { perceptual: [perceptualDifference(target, given), perceptualWeight] };
}

/** The part of the loss that is small where a linear map can tell label and attributes from the latents; none without conditions. */
function toldPart(
  { conditions = null, conditionWeight = 0 }: VaeSpec,
  weights: Weights,
  latents: Tensor4D,
  batch: Batch,
): Record<string, Part> {
  const told = conditions && attributeLossOf(conditions, conditionLogits(weights, latents), batch);
  return told ? { conditions: [told, conditionWeight] } : {};
}

/**
 * The parts of the loss by which the decoder learns to be taken for real by a discriminator, and the discriminator to tell its images
 * from real ones; none where there is no discriminator.
 */
function adversarialParts(
  { config, circular, adversarialWeight = 0 }: VaeSpec,
  weights: Weights,
  { x, decoded, latents }: Record<'x' | 'decoded' | 'latents', Tensor4D>,
  batch: Batch,
): Part[] {
  if (adversarialWeight === 0) return [];
  const share = batchArray(batch, 'adversarial').data[0]!;
  const scaled = stopGradient(scaleLatents(config, latents));
  return [
    [realismOf(weights, decoded, scaled, circular), adversarialWeight * share],
    [discriminationOf(weights, { x, decoded }, scaled, circular), DISCRIMINATION_WEIGHT],
  ];
}

/** The shapes of all weights: the auto-encoder's, and of its teacher, condition head, loss network and discriminator where there are any. */
function shapesOf({ config, teacher, conditions, lossNetwork, adversarialWeight = 0 }: VaeSpec): Shapes {
  return new Map([
    ...autoencoderKlShapes(config),
    ...(teacher ? teacherShapes(teacher) : []),
    ...(conditions ? conditionHeadShapes(conditions, config.latent_channels) : []),
    ...(lossNetwork ? lossNetworkShapes(lossNetwork) : []),
    ...(adversarialWeight > 0 ? discriminatorShapes(pixelChannels(config).in, config.latent_channels) : []),
  ]);
}

/** Adam learns as fast whatever it is, but all gradients are clipped together, and the discriminator's are the largest. */
const DISCRIMINATION_WEIGHT = 0.1;

/** Teaches the decoder, and not the discriminator, to be taken for real. */
function realismOf(weights: Weights, decoded: Tensor4D, z: Tensor4D, circular: boolean): Scalar {
  const own = Object.fromEntries(Object.entries(weights).filter(([name]) => isOfDiscriminator(name)));
  return realismLoss(discriminate(constantWeights(own), decoded, z, circular));
}

/** Teaches the discriminator, and not the decoder, to tell images from decoded ones. */
function discriminationOf(
  weights: Weights,
  { x, decoded }: { x: Tensor4D; decoded: Tensor4D },
  z: Tensor4D,
  circular: boolean,
): Scalar {
  return hingeLoss(discriminate(weights, x, z, circular), discriminate(weights, stopGradient(decoded), z, circular));
}
