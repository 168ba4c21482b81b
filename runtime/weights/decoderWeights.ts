/**
 * What of an auto-encoder makes pictures of latents: the tensors of its decoder, or their shapes, by the names of diffusers'
 * AutoencoderKL.
 */
export function ofDecoder<Value>(autoencoder: ReadonlyMap<string, Value> = new Map()): Map<string, Value> {
  return new Map([...autoencoder].filter(([name]) => isOfDecoder(name)));
}

/** The others, which make latents of pictures. */
export function ofEncoder<Value>(autoencoder: ReadonlyMap<string, Value>): Map<string, Value> {
  return new Map([...autoencoder].filter(([name]) => !isOfDecoder(name)));
}

const isOfDecoder = (name: string) => /^(decoder|post_quant_conv)\./.test(name);
