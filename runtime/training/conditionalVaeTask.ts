// The loss of a conditional VAE.
import {
  add,
  clone,
  keep,
  mean,
  mul,
  type Scalar,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  tidy,
} from '@tensorflow/tfjs-core';
import type { ClassifierConfig } from '../networks/classifier.ts';
import {
  type ConditionalVaeConfig,
  conditionalVaeShapes,
  decodeWithLabels,
  encodeWithLabels,
} from '../networks/conditionalVae.ts';
import { sampleLatents } from '../networks/latentDistribution.ts';
import { batchArray, batchTensor } from './batch.ts';
import { elbo, klOfImages, logLikelihood } from './evidenceBound.ts';
import { gradientDifference, type Reconstruction, reconstructionError, weightedDifference } from './losses.ts';
import { isOfLossNetwork, lossNetworkShapes, perceptualDifference, seenLevels } from './perceptualLoss.ts';
import type { TrainingTask } from './trainingTask.ts';

/** How a VAE that is told label and attributes is trained. */
export interface ConditionalVaeSpec {
  kind: 'cvae';
  config: ConditionalVaeConfig;
  reconstruction: Reconstruction;
  /** The scale of log p(x | z): see `logLikelihood`. */
  reconstructionScale: number;
  /** Weight in the loss of `gradientDifference`; the reconstruction error has weight 1. */
  gradientWeight: number;
  /** Weight in the loss of `weightedDifference`, where rare colours count more. */
  rareColourWeight: number;
  /** Weight in the loss of `perceptualDifference`. */
  perceptualWeight: number;
  /** The classifier whose eyes that difference takes; null: there is none, and the weight is 0. */
  lossNetwork: ClassifierConfig | null;
}

/**
 * The negative evidence lower bound in nats per value of the image. The difference of finite differences beside it belongs
 * to log p(x | z) as well: it depends on x − decoded alone, so it changes what normalises the distribution by a constant. So does the
 * error in which rare colours count more, where the pixels of a picture each have a scale of their own.
 *
 * Batch: x (B, H, W, C) in [−1, 1], eps (B, latent_size) standard normal, classLabels (B), klWeight (B); with attributes also
 * those (B, attributes), below 0 where one was dropped; where rare colours count more, rarity (B, H, W, 1).
 */
export function conditionalVaeTask(spec: ConditionalVaeSpec): TrainingTask {
  const { config, reconstruction, reconstructionScale, gradientWeight, rareColourWeight } = spec;
  const { perceptualWeight, lossNetwork } = spec;
  return {
    shapes: new Map([...conditionalVaeShapes(config), ...(lossNetwork ? lossNetworkShapes(lossNetwork) : [])]),
    isTrained: (name) => !isOfLossNetwork(name),
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
        const parts: [Scalar, number][] = [];
        if (gradientWeight > 0) parts.push([gradientDifference(x, decoded), gradientWeight]);
        if (rareColourWeight > 0) {
          const rarity = batchTensor<Tensor4D>(batch, 'rarity');
          parts.push([weightedDifference(x, decoded, rarity), rareColourWeight]);
        }
        const seen = lossNetwork && [x, decoded].map((images) => seenLevels(lossNetwork, weights, images));
        const perceptual = seen && perceptualDifference(seen[0]!, seen[1]!);
        if (perceptual) parts.push([perceptual, perceptualWeight]);
        const loss = parts.reduce<Scalar>(
          (sum, [part, weight]) => add(sum, mul(part, weight / reconstructionScale)),
          negative,
        );
        const error = reconstructionError(reconstruction, x, decoded);
        const metrics = { [reconstruction]: error, kl: mean(kl) as Scalar, ...(perceptual && { perceptual }) };
        const kept = Object.entries(metrics).map(([name, value]) => [name, keep(clone(value))]);
        return { loss, metrics: Object.fromEntries(kept) };
      }),
  };
}
