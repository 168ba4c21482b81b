import * as v from 'valibot';
import { Count, parseNetworkConfig } from './config.ts';

const schema = v.object({
  in_channels: Count, // of the image, in and out
  num_labels: Count,
  sample_size: v.tuple([Count, Count]), // height, width
  block_out_channels: v.pipe(v.array(Count), v.minLength(1)), // each level halves the image
  latent_size: Count, // values of the one latent vector
  label_channels: Count, // width of a label's embedding
  hidden_channels: Count, // width of what the decoder is modulated by
  norm_num_groups: Count,
  norm_eps: v.pipe(v.number(), v.minValue(0)),
});

export type ConditionalVaeConfig = v.InferOutput<typeof schema>;

/**
 * Reads the config of a class-conditional VAE with one latent vector.
 *
 * @throws Error naming every option that is unsupported, malformed or does not fit the others
 */
export function parseConditionalVaeConfig(json: unknown, fileName = 'cvae/config.json'): ConditionalVaeConfig {
  const config = parseNetworkConfig(schema, [], json, fileName);
  for (const channels of config.block_out_channels) {
    if (channels % config.norm_num_groups !== 0) {
      throw new Error(`${fileName}: norm_num_groups ${config.norm_num_groups} does not divide ${channels} channels`);
    }
  }
  const factor = 2 ** config.block_out_channels.length;
  const [height, width] = config.sample_size;
  if (height % factor !== 0 || width % factor !== 0) {
    throw new Error(`${fileName}: sample_size ${height}, ${width} cannot be halved by each of the levels`);
  }
  return config;
}
