// Networks for latents of more channels than those that they were trained on. The first channels stay what they are.
import { autoencoderKlShapes } from '../networks/autoencoderKl.ts';
import { initialWeights } from '../networks/initialWeights.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import type { AutoEncoder } from './adaptChannels.ts';
import { withInputs, withRows } from './grownWeights.ts';

/** Of a new channel, whatever the picture: the encoder is all but sure of it, so that the decoder can hear it from the first step on. */
const NEW_LOG_VARIANCE = -3;

/**
 * An auto-encoder whose latents have more channels, to begin a training with. The encoder draws on the picture for the new ones at random,
 * and the decoder hears nothing of them at first: pictures come out as they did.
 *
 * @param latentChannels at least as many as it has
 * @param seed           uint32, of the encoder's new weights
 * @returns              an auto-encoder that shares the other weights, of which latents' mean and deviation are not known; of as many
 *                       channels as it has, itself
 * @throws               RangeError when it has more, or mixes the channels once more by convolutions of 1×1, as those of Stable Diffusion do
 */
export function withMoreLatents(autoEncoder: AutoEncoder, latentChannels: number, seed: number): AutoEncoder {
  const { config: before, weights } = autoEncoder;
  const known = before.latent_channels;
  if (latentChannels === known) return autoEncoder;
  if (latentChannels < known || before.use_quant_conv || before.use_post_quant_conv) {
    const expected = `expected ${latentChannels} at most, and neither quant_conv nor post_quant_conv`;
    throw new RangeError(`withMoreLatents: the latents have ${known} channels; ${expected}`);
  }
  const config = { ...before, latent_channels: latentChannels, latents_mean: null, latents_std: null };
  const begun = initialWeights(autoencoderKlShapes(config), seed);
  const changed = new Map(weights);
  for (const name of ['encoder.conv_out.weight', 'encoder.conv_out.bias']) {
    const [own, grown] = [weights.get(name)!, begun.get(name)!];
    const [half, grownHalf] = [own.data.length / 2, grown.data.length / 2]; // means, then logarithms of variances
    grown.data.set(own.data.subarray(0, half));
    grown.data.fill(name.endsWith('bias') ? NEW_LOG_VARIANCE : 0, grownHalf);
    grown.data.set(own.data.subarray(half), grownHalf);
    changed.set(name, grown);
  }
  changed.set('decoder.conv_in.weight', withInputs(weights.get('decoder.conv_in.weight')!, latentChannels));
  return { config, weights: changed };
}

/**
 * The weights of a U-Net for latents of more channels, to begin a training with: at first it hears nothing of the new ones, and says 0 of
 * them.
 *
 * @param channels at least as many as it has
 * @returns        weights of which all others are shared; of as many channels as it has, its own
 */
export function unetOfMoreLatents(
  weights: ReadonlyMap<string, WeightTensor>,
  channels: number,
): ReadonlyMap<string, WeightTensor> {
  const first = weights.get('conv_in.weight');
  if (first?.shape.length !== 4 || first.shape[1]! >= channels) return weights;
  const outputs = ['conv_out.weight', 'conv_out.bias'].map(
    (name) => [name, withRows(weights.get(name)!, channels)] as const,
  );
  return new Map([...weights, ['conv_in.weight', withInputs(first, channels)], ...outputs]);
}
