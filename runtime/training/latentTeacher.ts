// An auto-encoder that learns the latents of another, its teacher, so that a U-Net of those latents fits it too: a faster one
// takes the place of the one that a model was trained with.
import { add, mean, mul, type Scalar, square, sub, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { autoencoderKlShapes, encode } from '../networks/autoencoderKl.ts';
import { type AutoencoderKlConfig, pixelsPerLatent } from '../networks/autoencoderKlConfig.ts';
import type { LatentDistribution } from '../networks/latentDistribution.ts';
import { type LatentScaling, scaleLatents } from '../networks/latentScaling.ts';
import { type Shapes, type Weights, withoutPrefix } from '../networks/layers.ts';
import type { AutoEncoder } from './adaptChannels.ts';
import { joinTeacher, TEACHER_PREFIX } from './teacherWeights.ts';

/** Whether a weight of an auto-encoder belongs to its encoder. */
export const isEncoder = (name: string) => name.startsWith('encoder.') || name.startsWith('quant_conv.');

/** The shapes of a teacher's encoder, under the names that its weights have in the training. */
export function teacherShapes(teacher: AutoencoderKlConfig): Shapes {
  return joinTeacher([...autoencoderKlShapes(teacher)].filter(([name]) => isEncoder(name)));
}

/** The distribution that the teacher encodes images into; its weights are not trained. @param x as of `encode` */
export function encodeAsTeacher(
  teacher: AutoencoderKlConfig,
  weights: Weights,
  x: Tensor4D,
  circular: boolean,
): LatentDistribution {
  return encode(teacher, withoutPrefix(weights, TEACHER_PREFIX), x, circular);
}

/** What the logarithm of a variance counts for beside a mean: it only says how much noise a U-Net's training adds. */
const LOG_VARIANCE_SHARE = 0.01;

/**
 * How far an encoder's distributions are from its teacher's: the mean squared difference of the means on the scale on which the
 * U-Net sees them, and a little of that of the logarithms of the variances.
 *
 * Source: regression to what a teacher makes, Hinton et al. 2015, arXiv:1503.02531, section 2.1.
 * @returns scalar, 0 where both are the same; about 1 where the means know nothing of the images
 */
export function latentError(scaling: LatentScaling, own: LatentDistribution, teacher: LatentDistribution): Scalar {
  return tidy(() => {
    const means = mean(square(sub(scaleLatents(scaling, own.mean), scaleLatents(scaling, teacher.mean))));
    const logVars = mean(square(sub(own.logVar, teacher.logVar)));
    return add(means, mul(logVars, LOG_VARIANCE_SHARE)) as Scalar;
  });
}

/** An auto-encoder of another size for the latents of a teacher. @throws RangeError when a latent stands for other pixels there */
export function configForLatentsOf(teacher: AutoencoderKlConfig, size: AutoencoderKlConfig): AutoencoderKlConfig {
  const [known, wanted] = [pixelsPerLatent(teacher), pixelsPerLatent(size)];
  if (known !== wanted) {
    throw new RangeError(
      `configForLatentsOf: a latent stands for ${wanted}×${wanted} pixels, that of the teacher for ${known}×${known}; give ${Math.log2(known / size.patch_size) + 1} widths, or other patches`,
    );
  }
  const { latent_channels, latents_mean, latents_std, scaling_factor, shift_factor } = teacher;
  return { ...size, latent_channels, latents_mean, latents_std, scaling_factor, shift_factor };
}

/**
 * Weights that a training begins with: the teacher's encoder under its own names, and all of its blocks that an auto-encoder of
 * these shapes has too, those next to the latents being the first.
 */
export function startFromTeacher(teacher: AutoEncoder, config: AutoencoderKlConfig): AutoEncoder['weights'] {
  const extraLevels = teacher.config.block_out_channels.length - config.block_out_channels.length;
  const nameOfTeachers = (name: string) =>
    name.replace(/^encoder\.down_blocks\.(\d+)/, (_, level) => `encoder.down_blocks.${Number(level) + extraLevels}`);
  const start = joinTeacher([...teacher.weights].filter(([name]) => isEncoder(name)));
  for (const [name, shape] of autoencoderKlShapes(config)) {
    const known = teacher.weights.get(nameOfTeachers(name));
    if (known && String(known.shape) === String(shape)) start.set(name, known);
  }
  return start;
}
