// An auto-encoder for pictures of other channels than those that it was trained on.
import { MATERIAL_CHANNELS } from '../core/channelNames.ts';
import type { NumValues } from '../core/pixels.ts';
import type { AutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import { withInputs } from './grownWeights.ts';

export interface AutoEncoder {
  config: AutoencoderKlConfig;
  /** PyTorch's layout. */
  weights: Map<string, WeightTensor>;
}

const ALPHA = 3;

/**
 * An auto-encoder for data of other channels, to begin a training with: see `withoutAlpha` and `withMaps`. Where there is no way
 * from its channels to those, it is given back as it is.
 */
export function forChannels(autoEncoder: AutoEncoder, channels: NumValues): AutoEncoder {
  const known = autoEncoder.config.in_channels;
  if (known === channels || channels === 4 || (known !== 3 && known !== 4)) return autoEncoder;
  const rgb = withoutAlpha(autoEncoder);
  return channels === MATERIAL_CHANNELS ? withMaps(rgb) : rgb;
}

/**
 * An auto-encoder of RGBA images for images without alpha, to begin a training with: what the first convolution made of
 * alpha = 1 goes into its bias, and the last convolution gives no alpha. For opaque images it computes what it did before,
 * but for the first pixels beside edges that are padded by zeros.
 *
 * @returns an auto-encoder that shares the other weights; one of RGB as it is
 * @throws  RangeError when the network has neither three nor four channels
 */
export function withoutAlpha({ config, weights }: AutoEncoder): AutoEncoder {
  const { in_channels, out_channels } = config;
  if (in_channels === 3 && out_channels === 3) return { config, weights };
  if (in_channels !== 4 || out_channels !== 4) {
    throw new RangeError(`withoutAlpha: the network has ${in_channels} and ${out_channels} channels; expected 4 or 3`);
  }
  const changed = new Map(weights);
  const [first, firstBias] = [weights.get('encoder.conv_in.weight')!, weights.get('encoder.conv_in.bias')!];
  changed.set('encoder.conv_in.weight', withoutInput(first));
  changed.set('encoder.conv_in.bias', plusInput(firstBias, first));
  for (const name of ['decoder.conv_out.weight', 'decoder.conv_out.bias']) {
    changed.set(name, firstRows(weights.get(name)!, ALPHA));
  }
  return { config: { ...config, in_channels: 3, out_channels: 3 }, weights: changed };
}

/**
 * An auto-encoder of RGB images for materials, to begin a training with: at first it sees nothing of the maps, and gives the grey
 * of its picture for each of them.
 *
 * @returns an auto-encoder that shares the other weights
 * @throws  RangeError when the network has not three channels
 */
export function withMaps({ config, weights }: AutoEncoder): AutoEncoder {
  const { in_channels, out_channels } = config;
  if (in_channels !== 3 || out_channels !== 3) {
    throw new RangeError(`withMaps: the network has ${in_channels} and ${out_channels} channels; expected 3`);
  }
  const changed = new Map(weights);
  changed.set('encoder.conv_in.weight', withInputs(weights.get('encoder.conv_in.weight')!, MATERIAL_CHANNELS));
  for (const name of ['decoder.conv_out.weight', 'decoder.conv_out.bias']) {
    changed.set(name, withGreyRows(weights.get(name)!));
  }
  return { config: { ...config, in_channels: MATERIAL_CHANNELS, out_channels: MATERIAL_CHANNELS }, weights: changed };
}

/** Three rows, and three more that are their mean. */
function withGreyRows({ shape, data }: WeightTensor): WeightTensor {
  const size = data.length / 3;
  const mean = (i: number) => (data[i]! + data[size + i]! + data[2 * size + i]!) / 3;
  const grown = Float32Array.from({ length: 6 * size }, (_, i) => (i < 3 * size ? data[i]! : mean(i % size)));
  return { shape: [MATERIAL_CHANNELS, ...shape.slice(1)], data: grown };
}

/** (cout, 4, kh, kw) → (cout, 3, kh, kw). */
function withoutInput({ shape, data }: WeightTensor): WeightTensor {
  const [cout, cin, height, width] = shape as [number, number, number, number];
  const size = height * width;
  const kept = new Float32Array(cout * ALPHA * size);
  for (let out = 0; out < cout; out++) {
    kept.set(data.subarray(out * cin * size, (out * cin + ALPHA) * size), out * ALPHA * size);
  }
  return { shape: [cout, ALPHA, height, width], data: kept };
}

/** A bias plus everything that alpha = 1 adds to it. */
function plusInput(bias: WeightTensor, { shape, data }: WeightTensor): WeightTensor {
  const [, cin, height, width] = shape as [number, number, number, number];
  const size = height * width;
  const sums = Float32Array.from(bias.data, (value, out) => {
    const begin = (out * cin + ALPHA) * size;
    let sum = value;
    for (let i = begin; i < begin + size; i++) sum += data[i]!;
    return sum;
  });
  return { shape: bias.shape, data: sums };
}

function firstRows({ shape, data }: WeightTensor, count: number): WeightTensor {
  const rowLength = data.length / shape[0]!;
  return { shape: [count, ...shape.slice(1)], data: data.slice(0, count * rowLength) };
}
