// What the auto-encoder of a model makes of the data that it was trained on.
import {
  type AutoencoderKlConfig,
  type Dataset,
  encodeColumns,
  type LatentDataset,
  localEncoder,
  type ModelFiles,
  parseAutoencoderKlConfig,
} from '../../runtime/index.ts';
import { encodeAll } from '../node/openLatents.ts';
import { UsageError } from '../node/usageError.ts';

/**
 * The auto-encoder of a model.
 *
 * @param use what the command does with latents, such as "a probe reads latents"
 * @throws    UsageError for a model of pixels
 */
export function autoencoderOf(
  { vaeConfig }: ModelFiles,
  { operation, folder, use }: { operation: string; folder: string; use: string },
): AutoencoderKlConfig {
  if (vaeConfig !== undefined) return parseAutoencoderKlConfig(vaeConfig);
  throw new UsageError(
    `${operation}: ${folder} has no auto-encoder, and ${use}; name a model that was trained with --vae`,
  );
}

/** The mean latents of some images, with what is known of these. */
export async function dataLatents(
  dataset: Dataset,
  indices: Int32Array,
  { index, vae: weights }: ModelFiles,
  config: AutoencoderKlConfig,
): Promise<LatentDataset> {
  const circular = index.figment.circularPadding;
  const vae = { config, weights };
  const origin = { dataset, indices, vae, circular, isShifted: circular, flip: false };
  const latents = await encodeAll(origin, [localEncoder({ ...vae, circular })]);
  return { ...latents, attributes: encodeColumns(dataset.attributes ?? [], indices) };
}
