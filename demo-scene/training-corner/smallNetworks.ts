// Networks that learn something within minutes on one core; figment train has larger ones.
import {
  type AutoencoderKlConfig,
  type Dataset,
  defaultUNetConfig,
  defaultVaeConfig,
  latentShape,
  type UNet2DConfig,
} from '../../runtime/index.ts';

const VAE_WIDTHS = [16, 32, 64, 64];
const UNET_WIDTHS = [32, 64];
/** Latents are made about so large: what the U-Net costs is the same for pictures of 16 and of 64 pixels. */
const LATENT_SIDE_PX = 8;
const MAX_SIDE_PX = 64;

type PictureSize = Pick<Dataset, 'widthPx' | 'heightPx'>;

/** Halvings from picture to latent, and one level more. */
function numLevels({ widthPx, heightPx }: PictureSize): number {
  const halvings = Math.ceil(Math.log2(Math.max(widthPx, heightPx) / LATENT_SIDE_PX));
  return 1 + Math.min(VAE_WIDTHS.length - 1, Math.max(1, halvings));
}

/** An auto-encoder for pictures of up to 64 px; at 16×16 px it has 0.1 million weights. */
export function smallVaeConfig(dataset: Pick<Dataset, 'channels'> & PictureSize): AutoencoderKlConfig {
  const levels = numLevels(dataset);
  const config = defaultVaeConfig(dataset);
  return {
    ...config,
    block_out_channels: VAE_WIDTHS.slice(0, levels),
    down_block_types: Array(levels).fill('DownEncoderBlock2D'),
    up_block_types: Array(levels).fill('UpDecoderBlock2D'),
    latent_channels: levels === 2 ? 4 : 8,
  };
}

/** A U-Net for the latents of `smallVaeConfig`. */
export function smallUNetConfig(dataset: Pick<Dataset, 'channels' | 'labels'> & PictureSize): UNet2DConfig {
  const shape = latentShape(dataset, smallVaeConfig(dataset));
  const config = defaultUNetConfig({ shape }, dataset.labels.length);
  return { ...config, block_out_channels: UNET_WIDTHS, layers_per_block: 1, attention_head_dim: 16 };
}

/** Why pictures of this size cannot be trained on here; '' when they can. */
export function sizeProblem({ widthPx, heightPx }: PictureSize): string {
  const factor = 2 ** numLevels({ widthPx, heightPx }); // the U-Net halves once more
  const fits = [widthPx, heightPx].every((side) => side <= MAX_SIDE_PX && side % factor === 0);
  if (fits) return '';
  const expected = `both sides at most ${MAX_SIDE_PX} and a multiple of ${factor}`;
  return `the pictures are ${widthPx}×${heightPx} pixels; expected ${expected}: resize them, or train with the command figment`;
}
