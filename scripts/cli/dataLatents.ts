// What the auto-encoder of a model makes of the data that it was trained on.
import {
  type AutoencoderKlConfig,
  type Dataset,
  isRolled,
  type LatentDataset,
  localEncoder,
  type ModelFiles,
  parseAutoencoderKlConfig,
  parseUNet2DConfig,
} from '../../runtime/index.ts';
import { encodeAll } from '../node/openLatents.ts';
import { UsageError } from '../node/usageError.ts';
import { withAttributes } from './trainingLatents.ts';

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

/** The mean latents of some images, of seamless ones also as they are when shifted, with what is known of these. */
export async function dataLatents(
  dataset: Dataset,
  indices: Int32Array,
  { index, unetConfig, vae: weights }: ModelFiles,
  config: AutoencoderKlConfig,
): Promise<LatentDataset> {
  const circular = index.figment.circularPadding;
  const isShifted = isRolled({ circular }, parseUNet2DConfig(unetConfig));
  const vae = { config, weights };
  const latents = await encodeAll({ dataset, indices, vae, circular, isShifted, flip: false }, [
    localEncoder({ ...vae, circular }),
  ]);
  return withAttributes({ dataset, split: { train: indices } }, latents);
}
