// The one-step generators of the study.
import { abs, mean, sub, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import {
  CONDITIONAL_VAE_DEFAULTS,
  type ConditionalVae,
  conditionalVaeTrainer,
  decodeWithLabels,
  defaultConditionalVaeConfig,
  encodeWithLabels,
  imagesOfDataset,
  klOfImages,
} from '../../runtime/index.ts';
import type { StudyContext } from './part.ts';
import { trainNetwork } from './trainNetwork.ts';

/** The weight of the divergence that `figment train cvae` takes. */
export const USUAL_KL_WEIGHT = CONDITIONAL_VAE_DEFAULTS.klWeight;

/** The divergence reaches its full weight early, since training lasts only minutes. */
const OPTIONS = { ...CONDITIONAL_VAE_DEFAULTS, seed: 1, klWarmupSteps: 100, microBatchSize: 32 };

/** A third of the default's work, so that minutes suffice. */
const NARROW = [16, 32, 64];

export interface StudyCvae {
  cvae: ConditionalVae;
  /** Training images seen. */
  numImages: number;
}

/** A VAE with this weight of the divergence; the caller disposes it. */
export async function studyCvae(
  context: StudyContext,
  klWeight: number,
  onProgress: (share: number) => void,
): Promise<StudyCvae> {
  const { dataset, training, model } = context;
  const config = { ...defaultConditionalVaeConfig({ ...dataset, attributes: [] }), block_out_channels: NARROW };
  const options = { ...OPTIONS, klWeight };
  const plan = {
    name: `cvae-${klWeight}`,
    kind: 'cvae',
    settings: { config, options },
    trainer: (numSteps: number) => conditionalVaeTrainer(dataset, training, config, { ...options, numSteps }),
  };
  const { weights, numSteps } = await trainNetwork(context, plan, onProgress);
  const cvae: ConditionalVae = {
    index: model.index,
    hash: '',
    config,
    weights,
    dispose: () => {
      for (const tensor of Object.values(weights)) tensor.dispose();
    },
  };
  return { cvae, numImages: numSteps * options.batchSize };
}

const BATCH = 64;

/** Reconstruction error of held-out images, and the divergence of their latents in nats. */
export async function heldOutErrors(
  { dataset, split }: StudyContext,
  { config, weights }: ConditionalVae,
): Promise<{ reconstructionError: number; kl: number }> {
  const { values, classLabels, shape } = imagesOfDataset(dataset, split.heldOut);
  const length = values.length / classLabels.length;
  let [error, kl] = [0, 0];
  for (let start = 0; start < classLabels.length; start += BATCH) {
    const labels = classLabels.subarray(start, start + BATCH);
    const share = labels.length / classLabels.length;
    const batch = values.subarray(start * length, (start + labels.length) * length);
    const parts = tidy(() => {
      const x: Tensor4D = tensor4d(batch, [labels.length, ...shape]);
      const distribution = encodeWithLabels(config, weights, x, labels);
      const decoded = decodeWithLabels(config, weights, distribution.mean, labels);
      return [mean(abs(sub(decoded, x))), mean(klOfImages(distribution))] as const;
    });
    error += share * (await parts[0].data())[0]!;
    kl += share * (await parts[1].data())[0]!;
    for (const part of parts) part.dispose();
  }
  return { reconstructionError: error, kl };
}
