import {
  add,
  argMax,
  cast,
  clone,
  equal,
  keep,
  mean,
  mul,
  oneHot,
  type Scalar,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  tensor1d,
  tensor4d,
  tidy,
} from '@tensorflow/tfjs-core';
import { qSample, vTarget } from '../diffusion/forward.ts';
import { createSchedule } from '../diffusion/schedule.ts';
import type { SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { autoencoderKlShapes, decode, encode, sampleLatents, scaleLatents } from '../networks/autoencoderKl.ts';
import { type AutoencoderKlConfig, pixelChannels, pixelsPerLatent } from '../networks/autoencoderKlConfig.ts';
import { type AttributeKinds, type ClassifierConfig, classifierShapes, classify } from '../networks/classifier.ts';
import {
  type ConditionalVaeConfig,
  conditionalVaeShapes,
  decodeWithLabels,
  encodeWithLabels,
} from '../networks/conditionalVae.ts';
import { type ConditionKinds, conditionHeadShapes, conditionsOfLatents } from '../networks/conditionHead.ts';
import { conditioning as conditioningVectors } from '../networks/conditioning.ts';
import type { ConditioningConfig } from '../networks/conditioningConfig.ts';
import { discriminate, discriminatorShapes, isOfDiscriminator } from '../networks/discriminator.ts';
import type { Weights } from '../networks/layers.ts';
import { classifyNoisy, type NoisyClassifierConfig, noisyClassifierShapes } from '../networks/noisyClassifier.ts';
import { unet2d } from '../networks/unet2d.ts';
import type { UNet2DConfig } from '../networks/unet2dConfig.ts';
import type { UNet2DCondition } from '../networks/unet2dEmbedding.ts';
import { type Batch, batchArray, batchTensor } from './batch.ts';
import { conditionedShapes, splitConditioning } from './conditionedNetwork.ts';
import { type DistilSpec, distilTask } from './distilTask.ts';
import { encodeAsTeacher, isEncoder, isOfTeacher, latentError, teacherShapes } from './latentTeacher.ts';
import {
  attributeLoss,
  coarseDifference,
  crossEntropy,
  diffusionLoss,
  elbo,
  gradientDifference,
  hingeLoss,
  klDivergence,
  klOfImages,
  logLikelihood,
  minSnrWeights,
  type Reconstruction,
  realismLoss,
  reconstructionError,
  weightedDifference,
} from './losses.ts';
import { constantWeights, stopGradient } from './stopGradient.ts';
import type { TrainingTask } from './trainingTask.ts';

/** What is trained, as plain data: a worker builds the same task from it. */
export type TaskSpec =
  | {
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
      /** Weight in the loss of `realismLoss`, by a discriminator that is trained at the same time; absent: 0, and there is none. */
      adversarialWeight?: number;
      /** What the difference of each channel counts in all of these losses; absent and null: 1. */
      channelWeights?: readonly number[] | null;
      /** Keep the encoder as it is and train the decoder alone. */
      freezeEncoder: boolean;
      /** The auto-encoder whose latents this one learns, its encoder's weights being those of `teacherShapes`; absent and null: the latents are free. */
      teacher?: AutoencoderKlConfig | null;
    }
  | {
      kind: 'ddpm';
      config: UNet2DConfig;
      /** For a U-Net that takes a vector for label and attributes; absent or null where it takes the label, or nothing. */
      conditioning?: ConditioningConfig | null;
      circular: boolean;
      scheduler: SchedulerConfig;
      /** Clamp of the signal-to-noise weights; null weighs every timestep alike. */
      minSnrGamma: number | null;
    }
  | {
      kind: 'cvae';
      config: ConditionalVaeConfig;
      reconstruction: Reconstruction;
      /** The scale of log p(x | z): see `logLikelihood`. */
      reconstructionScale: number;
      /** Weight of `gradientDifference` beside the reconstruction error. */
      gradientWeight: number;
    }
  | {
      kind: 'classifier';
      config: ClassifierConfig;
    }
  | {
      kind: 'height';
      config: AutoencoderKlConfig;
      circular: boolean;
    }
  | {
      kind: 'noisyClassifier';
      config: NoisyClassifierConfig;
      scheduler: SchedulerConfig;
    }
  | {
      kind: 'probe';
      /** The label and attributes that the probe reads from latents. */
      conditions: ConditionKinds;
      /** How many channels those latents have. */
      channels: number;
    }
  | DistilSpec;

export function createTask(spec: TaskSpec): TrainingTask {
  switch (spec.kind) {
    case 'vae':
      return vaeTask(spec);
    case 'ddpm':
      return ddpmTask(spec);
    case 'cvae':
      return conditionalVaeTask(spec);
    case 'classifier':
      return classifierTask(spec);
    case 'height':
      return heightTask(spec);
    case 'noisyClassifier':
      return noisyClassifierTask(spec);
    case 'probe':
      return probeTask(spec);
    case 'distil':
      return distilTask(spec);
  }
}

/**
 * Batch: x (B, H, W, C) in [−1, 1], eps (B, h, w, latent_channels) standard normal; where the decoder is to see disturbed
 * latents, latentNoise, of the same shape, is added to them; with a discriminator also adversarial (B), the share of its weight;
 * where rare colours count more, rarity (B, H, W, 1), how much each pixel counts; where conditions are told, those as
 * attributes, and attributeWeights (B, conditions).
 */
function vaeTask(spec: TaskSpec & { kind: 'vae' }): TrainingTask {
  const { config, circular, reconstruction, klWeight, channelWeights, freezeEncoder, teacher = null } = spec;
  const { conditionWeight = 0, conditions = null } = spec;
  const { l2Weight, gradientWeight, coarseWeight = 0, rareColourWeight = 0, adversarialWeight = 0 } = spec;
  const blockPx = pixelsPerLatent(config);
  return {
    shapes: new Map([
      ...autoencoderKlShapes(config),
      ...(teacher ? teacherShapes(teacher) : []),
      ...(conditions ? conditionHeadShapes(conditions, config.latent_channels) : []),
      ...(adversarialWeight > 0 ? discriminatorShapes(pixelChannels(config).in, config.latent_channels) : []),
    ]),
    isTrained: (name) => !isOfTeacher(name) && !(freezeEncoder && isEncoder(name)),
    loss: (weights, batch) =>
      tidy(() => {
        const x = batchTensor<Tensor4D>(batch, 'x');
        const own = encode(config, weights, x, circular);
        const distribution = teacher ? encodeAsTeacher(teacher, weights, x, circular) : own;
        const z = sampleLatents(distribution, batchTensor<Tensor4D>(batch, 'eps'));
        const seen = batch.latentNoise ? (add(z, batchTensor<Tensor4D>(batch, 'latentNoise')) as Tensor4D) : z;
        const decoded = decode(config, weights, seen, circular);
        const weighed = (values: Tensor4D) =>
          channelWeights ? (mul(values, tensor1d([...channelWeights])) as Tensor4D) : values;
        const [target, given] = [weighed(x), weighed(decoded)];
        const error = reconstructionError(reconstruction, target, given);
        const kl = klDivergence(distribution);
        const parts: [Scalar, number][] = [[kl, freezeEncoder || teacher ? 0 : klWeight]];
        if (teacher) parts.push([latentError(own, distribution), 1]);
        if (l2Weight > 0) parts.push([reconstructionError('l2', target, given), l2Weight]);
        if (gradientWeight > 0) parts.push([gradientDifference(target, given), gradientWeight]);
        if (coarseWeight > 0) parts.push([coarseDifference(target, given, blockPx), coarseWeight]);
        if (rareColourWeight > 0) {
          const rarity = batchTensor<Tensor4D>(batch, 'rarity');
          parts.push([weightedDifference(target, given, rarity), rareColourWeight]);
        }
        const told = conditions && lossOfAttributes(conditions, conditionsOfLatents(weights, seen), batch);
        if (told) parts.push([told, conditionWeight]);
        if (adversarialWeight > 0) {
          const share = batchArray(batch, 'adversarial').data[0]!;
          const latents = stopGradient(scaleLatents(config, seen));
          parts.push([realismOf(weights, decoded, latents, circular), adversarialWeight * share]);
          parts.push([discriminationOf(weights, { x, decoded }, latents, circular), DISCRIMINATION_WEIGHT]);
        }
        const loss = parts.reduce<Scalar>(
          (sum, [part, weight]) => (weight > 0 ? (add(sum, mul(part, weight)) as Scalar) : sum),
          error,
        );
        const metrics = { [reconstruction]: keep(clone(error)), kl: keep(clone(kl)) };
        return { loss, metrics: { ...metrics, ...(told && { conditions: keep(clone(told)) }) } };
      }),
  };
}

/** `attributeLoss` of a batch's attributes. */
function lossOfAttributes(kinds: AttributeKinds, logits: Tensor2D, batch: Batch): Scalar {
  const [values, known] = ['attributes', 'attributeWeights'].map((name) => batchArray(batch, name).data);
  return attributeLoss(kinds, logits, values!, known!);
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

/**
 * Batch: x0 and eps (B, h, w, C), t (B), classLabels (B), the null label where the label was dropped; with conditioning
 * also attributes (B, attributes), below 0 where one was dropped.
 */
function ddpmTask(spec: TaskSpec & { kind: 'ddpm' }): TrainingTask {
  const { config, conditioning = null, circular, scheduler, minSnrGamma } = spec;
  const schedule = createSchedule(scheduler);
  return {
    shapes: conditionedShapes(config, conditioning),
    isTrained: () => true,
    loss: (weights, batch) =>
      tidy(() => {
        const x0 = batchTensor<Tensor4D>(batch, 'x0');
        const eps = batchTensor<Tensor4D>(batch, 'eps');
        const t = batchArray(batch, 't').data;
        const condition = conditionOf(config, conditioning, weights, batch);
        const targets = { epsilon: () => eps, sample: () => x0, v_prediction: () => vTarget(schedule, x0, t, eps) };
        const xt = qSample(schedule, x0, t, eps);
        const prediction = unet2d(config, weights, xt, t, condition, { circular });
        const snr = minSnrGamma === null ? null : minSnrWeights(schedule, t, minSnrGamma, schedule.predictionType);
        const imageWeights = snr && tensor4d(Float32Array.from(snr), [snr.length, 1, 1, 1]);
        return { loss: diffusionLoss(prediction, targets[schedule.predictionType](), imageWeights), metrics: {} };
      }),
  };
}

function conditionOf(
  config: UNet2DConfig,
  conditioning: ConditioningConfig | null,
  weights: Weights,
  batch: Batch,
): UNet2DCondition {
  if (!conditioning) return config.num_class_embeds === null ? null : batchArray(batch, 'classLabels').data;
  const own = splitConditioning(new Map(Object.entries(weights))).conditioning;
  return conditioningVectors(conditioning, Object.fromEntries(own), {
    classLabels: batchArray(batch, 'classLabels').data,
    attributes: batchArray(batch, 'attributes').data,
  });
}

/**
 * The negative evidence lower bound in nats per value of the image. The difference of finite differences beside it belongs
 * to log p(x | z) as well: it depends on x − decoded alone, so it changes what normalises the distribution by a constant.
 *
 * Batch: x (B, H, W, C) in [−1, 1], eps (B, latent_size) standard normal, classLabels (B), klWeight (B); with attributes also
 * those (B, attributes), below 0 where one was dropped.
 */
function conditionalVaeTask(spec: TaskSpec & { kind: 'cvae' }): TrainingTask {
  const { config, reconstruction, reconstructionScale, gradientWeight } = spec;
  return {
    shapes: conditionalVaeShapes(config),
    isTrained: () => true,
    loss: (weights, batch) =>
      tidy(() => {
        const x = batchTensor<Tensor4D>(batch, 'x');
        const classLabels = batchArray(batch, 'classLabels').data;
        const hasAttributes = Object.keys(config.attributes).length > 0;
        const attributes = hasAttributes ? batchArray(batch, 'attributes').data : [];
        const condition = { classLabels, attributes };
        const distribution = encodeWithLabels(config, weights, x, condition);
        const z = sampleLatents(distribution, batchTensor<Tensor2D>(batch, 'eps'));
        const decoded = decodeWithLabels(config, weights, z, condition);
        const kl = klOfImages(distribution);
        const likelihood = logLikelihood(reconstruction, x, decoded, reconstructionScale);
        const bound = elbo(likelihood, kl, batchTensor<Tensor1D>(batch, 'klWeight'));
        const negative = mul(mean(bound), -x.shape[0] / x.size) as Scalar;
        const edges = () => mul(gradientDifference(x, decoded), gradientWeight / reconstructionScale);
        const loss = gradientWeight > 0 ? (add(negative, edges()) as Scalar) : negative;
        const error = reconstructionError(reconstruction, x, decoded);
        return { loss, metrics: { [reconstruction]: keep(clone(error)), kl: keep(mean(kl) as Scalar) } };
      }),
  };
}

/** Batch: x (B, H, W, C) in [−1, 1], classLabels (B); with attributes also those and attributeWeights (B, attributes). */
function classifierTask({ config }: TaskSpec & { kind: 'classifier' }): TrainingTask {
  return {
    shapes: classifierShapes(config),
    isTrained: () => true,
    loss: (weights, batch) =>
      tidy(() => {
        const { logits, attributes } = classify(config, weights, batchTensor<Tensor4D>(batch, 'x'));
        const ofLabel = classificationLoss(logits, batch);
        if (!attributes) return ofLabel;
        const ofAttributes = lossOfAttributes(config.attributes, attributes, batch);
        return { ...ofLabel, loss: add(ofLabel.loss, ofAttributes) as Scalar };
      }),
  };
}

/** Batch: x (B, H, W, 3), pictures, and y (B, H, W, 1), their heights, both in [−1, 1]. */
function heightTask({ config, circular }: TaskSpec & { kind: 'height' }): TrainingTask {
  return {
    shapes: autoencoderKlShapes(config),
    isTrained: () => true,
    loss: (weights, batch) =>
      tidy(() => {
        const { mean: code } = encode(config, weights, batchTensor<Tensor4D>(batch, 'x'), circular);
        const guessed = decode(config, weights, code, circular);
        return { loss: reconstructionError('l1', batchTensor<Tensor4D>(batch, 'y'), guessed), metrics: {} };
      }),
  };
}

/** Batch: x0 and eps (B, h, w, C), t (B), classLabels (B). */
function noisyClassifierTask({ config, scheduler }: TaskSpec & { kind: 'noisyClassifier' }): TrainingTask {
  const schedule = createSchedule(scheduler);
  return {
    shapes: noisyClassifierShapes(config),
    isTrained: () => true,
    loss: (weights, batch) =>
      tidy(() => {
        const t = batchArray(batch, 't').data;
        const xt = qSample(schedule, batchTensor<Tensor4D>(batch, 'x0'), t, batchTensor<Tensor4D>(batch, 'eps'));
        return classificationLoss(classifyNoisy(config, weights, xt, t), batch);
      }),
  };
}

/** Batch: x0 (B, h, w, C), attributes and attributeWeights (B, conditions). */
function probeTask({ conditions, channels }: TaskSpec & { kind: 'probe' }): TrainingTask {
  return {
    shapes: conditionHeadShapes(conditions, channels),
    isTrained: () => true,
    loss: (weights, batch) =>
      tidy(() => {
        const logits = conditionsOfLatents(weights, batchTensor<Tensor4D>(batch, 'x0'));
        return { loss: lossOfAttributes(conditions, logits, batch), metrics: {} };
      }),
  };
}

/** Cross-entropy, and the share of images whose largest logit is the right one. */
function classificationLoss(logits: Tensor2D, batch: Batch) {
  const classLabels = tensor1d(batchArray(batch, 'classLabels').data, 'int32');
  // Cast afterwards: tfjs 4.22's wasm kernel writes a float32 one-hot as the bits of integers.
  const target = cast(oneHot(classLabels, logits.shape[1]), 'float32') as Tensor2D;
  const hits = equal(argMax(logits, 1) as Tensor1D, classLabels);
  const accuracy = mean(cast(hits, 'float32')) as Scalar;
  return { loss: crossEntropy(logits, target), metrics: { accuracy: keep(accuracy) } };
}
