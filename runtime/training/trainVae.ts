import { normals, uniforms } from '../core/random.ts';
import { streamAt, VAE_STREAMS } from '../core/streams.ts';
import { vocabularyOf } from '../dataset/attributeColumns.ts';
import { AUGMENT_DEFAULTS, type AugmentOptions, croppedShape } from '../dataset/augment.ts';
import { type ColourRarity, colourRarity } from '../dataset/colourRarity.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { type AutoencoderKlConfig, PATCH_SIZES, pixelsPerLatent } from '../networks/autoencoderKlConfig.ts';
import type { ClassifierConfig } from '../networks/classifier.ts';
import { conditionKinds } from '../networks/conditionHead.ts';
import { attributeKinds } from '../networks/conditioningConfig.ts';
import { initialWeights } from '../networks/initialWeights.ts';
import { statisticsOfConfig } from '../networks/latentScaling.ts';
import type { Shapes } from '../networks/layers.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import { type Batch, labelFirst, pictureBatch, rarityOf, withAttributeWeights } from './batch.ts';
import type { GradientSource } from './gradients.ts';
import type { Reconstruction } from './losses.ts';
import { createTask, type TaskSpec } from './task.ts';
import { createTrainer, TRAINER_DEFAULTS, type Trainer, type TrainerOptions, type TrainerState } from './trainer.ts';

/** How an auto-encoder is trained; the defaults are those of `VAE_DEFAULTS`. All weights of the loss are 0 or more, by default 0. */
export interface VaeOptions extends TrainerOptions {
  /** uint32, of the first weights and of all draws; default 0. */
  seed: number;
  /** The reconstruction error, whose weight is 1: the mean absolute difference (l1, the default) or the squared one (l2). */
  reconstruction: Reconstruction;
  /** Weight in the loss of the KL divergence per latent value; default 2e-4 (Kingma & Welling 2014, arXiv:1312.6114). */
  klWeight: number;
  /** Weight in the loss of the squared error: large errors, such as a wrong hue, count more. */
  l2Weight: number;
  /** Weight in the loss of `gradientDifference`, which makes edges sharper. */
  gradientWeight: number;
  /** Weight in the loss of `coarseDifference`, which makes hues right sooner. */
  coarseWeight: number;
  /** Weight in the loss of the error in which each pixel counts by how rare its colour is (`colourRarity`): eyes instead of skin. */
  rareColourWeight: number;
  /** Weight in the loss of how badly a linear map tells label and attributes from the latents: `conditionLogits`. */
  conditionWeight: number;
  /** Weight in the loss of `perceptualDifference`: what a classifier of the data tells pictures by is painted more plainly. */
  perceptualWeight: number;
  /** The classifier that looks at them; needed where that weight is above 0, its weights being those of `lossNetworkWeights`; default null. */
  lossNetwork: ClassifierConfig | null;
  /** Weight in the loss of `realismLoss`, which brings grain back; it grows from 0 over the first `ADVERSARIAL_WARMUP` steps. */
  adversarialWeight: number;
  /**
   * What the difference of each channel is multiplied by before it is measured, one number for each channel of a pixel; default
   * null, where all are 1.
   */
  channelWeights: readonly number[] | null;
  /** The encoder stays as it is, and the decoder alone is trained; default false. */
  freezeEncoder: boolean;
  /** The auto-encoder whose latents are learned (see `latentTeacher.ts`); default null, where latents are free. */
  teacher: AutoencoderKlConfig | null;
  /**
   * The decoder sees the latents of each image disturbed by normal noise of 0 to so many times what the U-Net divides them by,
   * and learns to make up for its errors. That is their standard deviation, and usually √n times as much of n frames. 0 or more;
   * default 0 (Zheng et al. 2025, arXiv:2510.11690, section 4.3).
   */
  latentNoise: number;
  /** The classes are drawn equally often, however many images each has; default false. */
  balanced: boolean;
  /** How pictures are altered before they are learned; default not at all. */
  augment: AugmentOptions;
  /** For seamless pictures: every convolution wraps around the borders; default false. */
  circular: boolean;
}

export const VAE_DEFAULTS: VaeOptions = {
  ...TRAINER_DEFAULTS,
  seed: 0,
  reconstruction: 'l1',
  klWeight: 2e-4,
  l2Weight: 0,
  gradientWeight: 0,
  coarseWeight: 0,
  rareColourWeight: 0,
  conditionWeight: 0,
  perceptualWeight: 0,
  lossNetwork: null,
  adversarialWeight: 0,
  channelWeights: null,
  freezeEncoder: false,
  teacher: null,
  latentNoise: 0,
  balanced: false,
  augment: AUGMENT_DEFAULTS,
  circular: false,
  batchSize: 32,
  microBatchSize: 8,
  learningRate: 1e-3,
  numWarmupSteps: 100,
  decayFrom: 0,
  weightDecay: 0.01,
  emaDecay: 0.995,
};

/** Steps in which the discriminator learns before its word counts fully. */
const ADVERSARIAL_WARMUP = 200;

/** Sizes of a new auto-encoder that the data set does not determine. */
export interface VaeSize {
  /** Channels of each level from the full size down; each level but the first halves the size of the latents. */
  widths?: readonly number[];
  latentChannels?: number;
  /** The network sees squares of so many pixels as channels, 1, 2, 4 or 8; they halve the size of the latents as levels do. */
  patchSize?: number;
}

/**
 * A network for tiles of up to 64 px. By default its latents have a fourth of the size and 8 channels, and it has 2.1
 * million weights, or 1.7 million above 32 px.
 *
 * @throws RangeError for patches of another size
 */
export function defaultVaeConfig(
  dataset: Pick<Dataset, 'channels' | 'widthPx'>,
  { widths = [32, 64, dataset.widthPx > 32 ? 96 : 112], latentChannels = 8, patchSize = 1 }: VaeSize = {},
): AutoencoderKlConfig {
  if (!PATCH_SIZES.includes(patchSize)) {
    throw new RangeError(`defaultVaeConfig: patchSize is ${patchSize}; expected ${PATCH_SIZES.join(', ')}`);
  }
  return {
    in_channels: dataset.channels * patchSize ** 2,
    out_channels: dataset.channels * patchSize ** 2,
    down_block_types: widths.map(() => 'DownEncoderBlock2D' as const),
    up_block_types: widths.map(() => 'UpDecoderBlock2D' as const),
    block_out_channels: [...widths],
    layers_per_block: 1,
    act_fn: 'silu',
    latent_channels: latentChannels,
    norm_num_groups: 8,
    sample_size: dataset.widthPx,
    scaling_factor: 1,
    shift_factor: null,
    latents_mean: null,
    latents_std: null,
    use_quant_conv: false,
    use_post_quant_conv: false,
    mid_block_add_attention: false,
    patch_size: patchSize,
  };
}

/**
 * What `vaeTrainer` trains, as plain data: it is sent to workers, which compute gradients by it; checkpoints do not hold it.
 *
 * @param data what is known of its pictures, which the latents may have to tell; nothing when absent
 */
export function vaeTaskSpec(
  config: AutoencoderKlConfig,
  options: VaeOptions,
  { labels, attributes }: Pick<Dataset, 'labels' | 'attributes'> = { labels: [] },
): TaskSpec & { kind: 'vae' } {
  const { circular, reconstruction, freezeEncoder, teacher } = options;
  const { klWeight, l2Weight, gradientWeight, coarseWeight, rareColourWeight, adversarialWeight } = options;
  const { conditionWeight, perceptualWeight, lossNetwork, channelWeights } = options;
  const weights = { klWeight, l2Weight, gradientWeight, coarseWeight, rareColourWeight, adversarialWeight };
  const conditions = () => conditionKinds(labels.length, attributeKinds(vocabularyOf(attributes)));
  const told = conditionWeight > 0 ? { conditionWeight, conditions: conditions() } : {};
  const seen = perceptualWeight > 0 ? { perceptualWeight, lossNetwork } : {};
  const kept = { channelWeights, freezeEncoder, teacher };
  return { kind: 'vae', config, circular, reconstruction, ...weights, ...told, ...seen, ...kept };
}

/** Shapes of the weights of the auto-encoder, and of what is trained beside it, in PyTorch's layout. */
export function vaeTrainingShapes(
  config: AutoencoderKlConfig,
  options: VaeOptions,
  data?: Pick<Dataset, 'labels' | 'attributes'>,
): Shapes {
  return createTask(vaeTaskSpec(config, options, data)).shapes;
}

/**
 * A training of a variational auto-encoder; run it with `for await (const step of trainer.run(signal))`.
 *
 * Source: Kingma & Welling 2014, arXiv:1312.6114; the latents are those of Rombach et al. 2022, arXiv:2112.10752.
 * @param indices the training images
 * @param start   state to go on from, or weights (PyTorch's layout) to begin with; random ones when absent
 * @param source  where gradients are computed; this thread when absent
 */
export function vaeTrainer(
  dataset: Dataset,
  indices: Int32Array,
  config: AutoencoderKlConfig,
  options: VaeOptions,
  start?: TrainerState | Map<string, WeightTensor>,
  source?: GradientSource,
): Trainer {
  const rarity = options.rareColourWeight > 0 ? colourRarity(dataset, indices) : null;
  const batchAt = (step: number) => vaeBatch(dataset, indices, config, options, rarity, step);
  const spec = vaeTaskSpec(config, options, dataset);
  const isState = start !== undefined && !(start instanceof Map);
  const from = isState ? start : new Map([...firstWeights(spec, options), ...(start ?? [])]);
  return createTrainer(spec, batchAt, options, from, source);
}

/**
 * Random weights, of patches the same for all pixels of one: the picture begins without a pattern of their size, which a training
 * is slow to lose.
 *
 * Source: ICNR, Aitken et al. 2017, arXiv:1707.02937, section 3.3.
 */
function firstWeights(spec: TaskSpec & { kind: 'vae' }, { seed }: VaeOptions): Map<string, WeightTensor> {
  const weights = initialWeights(createTask(spec).shapes, seed);
  for (const name of ['decoder.conv_out.weight', 'decoder.conv_out.bias']) {
    const { data } = weights.get(name)!;
    const sizeOfPixel = data.length / spec.config.patch_size ** 2;
    data.set(data.map((_, i) => data[i % sizeOfPixel]!));
  }
  return weights;
}

function vaeBatch(
  dataset: Dataset,
  indices: Int32Array,
  config: AutoencoderKlConfig,
  options: VaeOptions,
  rarity: ColourRarity | null,
  step: number,
): Batch {
  const { batchSize, seed } = options;
  const { widthPx, heightPx } = croppedShape(dataset, options.augment);
  const factor = pixelsPerLatent(config);
  const latentShape = [batchSize, heightPx / factor, widthPx / factor, config.latent_channels];
  const eps = normals(
    seed,
    streamAt(VAE_STREAMS.eps, step),
    latentShape.reduce((a, b) => a * b, 1),
  );
  const { x, classLabels, attributes } = pictureBatch(dataset, indices, options, step);
  return {
    x,
    eps: { shape: latentShape, data: eps },
    ...(options.latentNoise > 0 && {
      latentNoise: { shape: latentShape, data: latentNoise(config, options, eps.length, step) },
    }),
    ...(rarity && { rarity: rarityOf(rarity, x) }),
    ...(options.conditionWeight > 0 && withAttributeWeights(labelFirst(classLabels, attributes))),
    ...(options.adversarialWeight > 0 && {
      adversarial: {
        shape: [batchSize],
        data: new Float32Array(batchSize).fill(Math.min(1, step / ADVERSARIAL_WARMUP)),
      },
    }),
  };
}

/**
 * Noise for the latents of a batch, on the scale on which the U-Net sees them, of another level for each image: a decoder that
 * is trained on it takes latents that are somewhat wrong for the picture that they are nearest to. Latents that a U-Net made
 * are wrong too.
 *
 * Source: Zheng et al. 2025, arXiv:2510.11690, section 4.3, with levels drawn evenly.
 */
function latentNoise(
  config: AutoencoderKlConfig,
  { batchSize, seed, latentNoise: highest }: VaeOptions,
  length: number,
  step: number,
): Float32Array {
  const { std } = statisticsOfConfig(config);
  const levels = uniforms(seed, streamAt(VAE_STREAMS.latentNoiseLevel, step), batchSize);
  const perImage = length / batchSize;
  return normals(seed, streamAt(VAE_STREAMS.latentNoise, step), length).map(
    (value, i) => value * highest * levels[Math.floor(i / perImage)]! * std[i % std.length]!,
  );
}
