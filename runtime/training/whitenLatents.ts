// Latents whose channels vary alike. Of an auto-encoder's own latents, coarse structure varies far more than details, so that details are
// decided in the very last steps, of which a student of few takes none.
import type { WeightTensor } from '../weights/weightTensor.ts';
import type { AutoEncoder } from './adaptChannels.ts';
import type { LatentDataset } from './latentDataset.ts';
import { symmetricPower } from './symmetricPower.ts';

/** How the channels of latents vary together, over all images and places. */
export interface LatentSpread {
  /** Standard deviation of each channel. */
  std: Float64Array;
  /** Correlations of the channels, row after row. */
  correlation: Float64Array;
  /** Mean variance that the encoder gives each channel, for what it is unsure of. */
  unsure: Float64Array;
}

/** A change of latents' channels, and its inverse: (channels, channels) each, row after row. */
export interface LatentChange {
  forward: Float64Array;
  back: Float64Array;
  /** Logarithm of the mean variance of each new channel. */
  logVar: Float32Array;
}

/** So many places tell as much as all. */
const MAX_PLACES = 2 ** 16;

/** @param channels of the auto-encoder: latents of several frames have a multiple of them */
export function latentSpread({ mean, std }: Pick<LatentDataset, 'mean' | 'std'>, channels: number): LatentSpread {
  const places = evenlySpreadPlaces(mean.length, channels);
  const centre = averages(places, channels, (at, i) => mean[at + i]!);
  const covariance = averages(places, channels ** 2, (at, k) => {
    const [i, j] = [Math.floor(k / channels), k % channels];
    return (mean[at + i]! - centre[i]!) * (mean[at + j]! - centre[j]!);
  });
  const deviation = Float64Array.from({ length: channels }, (_, i) => Math.sqrt(covariance[i * (channels + 1)]!));
  const correlation = covariance.map((v, k) => v / (deviation[Math.floor(k / channels)]! * deviation[k % channels]!));
  return { std: deviation, correlation, unsure: averages(places, channels, (at, i) => std[at + i]! ** 2) };
}

/** Where the channels of some places begin. */
function evenlySpreadPlaces(numValues: number, channels: number): Int32Array {
  const numPlaces = numValues / channels;
  const numChosen = Math.min(numPlaces, MAX_PLACES);
  return Int32Array.from({ length: numChosen }, (_, n) => Math.floor((n * numPlaces) / numChosen) * channels);
}

/** The average over places of each of `length` values. */
function averages(places: Int32Array, length: number, valueAt: (place: number, i: number) => number): Float64Array {
  const sums = new Float64Array(length);
  for (const place of places) for (let i = 0; i < length; i++) sums[i]! += valueAt(place, i);
  return sums.map((sum) => sum / places.length);
}

/**
 * Partial ZCA whitening: channels of deviation 1, multiplied by the power of -amount/2 of their correlation.
 *
 * Sources: Bell & Sejnowski 1997 (ZCA); Kessy et al. 2018, "Optimal whitening and decorrelation", which call it ZCA-cor at `amount` 1.
 *
 * @param amount 0: each channel scaled, no more, ... 1: all directions vary alike
 * @throws       RangeError when a channel does not vary, or tells nothing but what others do
 */
export function whitening({ std, correlation, unsure }: LatentSpread, amount: number): LatentChange {
  const channels = std.length;
  const [to, from] = [-amount / 2, amount / 2].map((exponent) => symmetricPower(correlation, exponent));
  const forward = to!.map((value, at) => value / std[at % channels]!);
  const back = from!.map((value, at) => value * std[Math.floor(at / channels)]!);
  const varianceOf = (i: number) =>
    unsure.reduce((sum, variance, j) => sum + forward[i * channels + j]! ** 2 * variance, 0);
  return { forward, back, logVar: Float32Array.from({ length: channels }, (_, i) => Math.log(varianceOf(i))) };
}

/**
 * An auto-encoder of changed latents that makes the same pictures: the change goes into the encoder's last convolution and the
 * decoder's first.
 *
 * @returns an auto-encoder that shares the other weights, is as unsure of all pictures, and knows no mean and deviation of its latents
 * @throws  RangeError when it mixes the channels once more by convolutions of 1x1, as those of Stable Diffusion do
 */
export function withLatentChange({ config, weights }: AutoEncoder, change: LatentChange): AutoEncoder {
  if (config.use_quant_conv || config.use_post_quant_conv) {
    throw new RangeError('withLatentChange: the auto-encoder has quant_conv or post_quant_conv; expected neither');
  }
  const { forward, back, logVar } = change;
  const changed = new Map<string, WeightTensor>(weights);
  for (const [kind, variances] of [
    ['weight', null],
    ['bias', logVar],
  ] as const) {
    const name = `encoder.conv_out.${kind}`;
    const own = weights.get(name)!;
    changed.set(name, { ...own, data: mixedOutputs(own.data, forward, variances) });
  }
  const first = weights.get('decoder.conv_in.weight')!;
  changed.set('decoder.conv_in.weight', { ...first, data: mixedInputs(first, back) });
  return { config: { ...config, latents_mean: null, latents_std: null }, weights: changed };
}

/** Changes latents in place, without copying what may be a gigabyte. */
export function changeLatents({ mean, std }: Pick<LatentDataset, 'mean' | 'std'>, change: LatentChange): void {
  const { forward, logVar } = change;
  const channels = logVar.length;
  const own = new Float32Array(channels);
  const deviation = logVar.map((value) => Math.exp(value / 2));
  for (let at = 0; at < mean.length; at += channels) {
    own.set(mean.subarray(at, at + channels));
    for (let i = 0; i < channels; i++) {
      let sum = 0;
      for (let j = 0; j < channels; j++) sum += forward[i * channels + j]! * own[j]!;
      mean[at + i] = sum;
    }
    std.set(deviation, at);
  }
}

/** The means' half of a convolution's outputs mixed; the other half, logarithms of variances, is `logVar`, or 0 without. */
function mixedOutputs(data: WeightTensor['data'], matrix: Float64Array, logVar: Float32Array | null): Float32Array {
  const channels = Math.sqrt(matrix.length);
  const size = data.length / (2 * channels);
  const mixed = new Float32Array(data.length);
  for (let i = 0; i < channels; i++) {
    for (let k = 0; k < size; k++) {
      let sum = 0;
      for (let j = 0; j < channels; j++) sum += matrix[i * channels + j]! * data[j * size + k]!;
      mixed[i * size + k] = sum;
    }
  }
  if (logVar) mixed.set(logVar, channels);
  return mixed;
}

/** A convolution, (outputs, inputs, h, w), of inputs of which a matrix makes those that it takes: old = matrix · new. */
function mixedInputs({ shape, data }: WeightTensor, matrix: Float64Array): Float32Array {
  const [outputs, channels, height, width] = shape as [number, number, number, number];
  const size = height * width;
  const mixed = new Float32Array(data.length);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < channels; i++) {
      for (let j = 0; j < channels; j++) {
        const factor = matrix[j * channels + i]!;
        const [to, from] = [(o * channels + i) * size, (o * channels + j) * size];
        for (let k = 0; k < size; k++) mixed[to + k]! += factor * data[from + k]!;
      }
    }
  }
  return mixed;
}
