// What of an auto-encoder makes pictures of latents, by the names of diffusers' AutoencoderKL. It comes first in the file, so that
// who only makes pictures fetches the file's beginning.
import { sha256Hex } from './modelSource.ts';
import { readHeader } from './safetensorsHeader.ts';

/** The beginning of an auto-encoder's file that holds its decoder. */
export interface DecoderFact {
  bytes: number;
  sha256: string; // of those bytes, 64 hexadecimal digits
}

/** The tensors of its decoder, or their shapes. */
export function ofDecoder<Value>(autoencoder: ReadonlyMap<string, Value> = new Map()): Map<string, Value> {
  return new Map([...autoencoder].filter(([name]) => isOfDecoder(name)));
}

/** The others, which make latents of pictures. */
export function ofEncoder<Value>(autoencoder: ReadonlyMap<string, Value>): Map<string, Value> {
  return new Map([...autoencoder].filter(([name]) => !isOfDecoder(name)));
}

export const isOfDecoder = (name: string) => /^(decoder|post_quant_conv)\./.test(name);

/**
 * How far the decoder reaches into the file of an auto-encoder.
 *
 * @returns undefined where it does not come first, as in files that others wrote
 * @throws  ModelFileError when the file is damaged
 */
export async function findDecoder(file: Uint8Array, fileName: string): Promise<DecoderFact | undefined> {
  const { entries } = readHeader(file, fileName);
  const decoder = entries.filter(({ name }) => isOfDecoder(name));
  const last = decoder.at(-1);
  if (!last || entries[decoder.length - 1] !== last) return undefined;
  return { bytes: last.end, sha256: await sha256Hex(file.subarray(0, last.end)) };
}
