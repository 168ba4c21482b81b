import type { AutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import type { LatentDataset } from './latentDataset.ts';

/** The entries of an auto-encoder's config that say how a U-Net takes its latents. */
type LatentScaling = Pick<AutoencoderKlConfig, 'latents_mean' | 'latents_std' | 'shift_factor' | 'scaling_factor'>;

/**
 * Draws from the posteriors of some images, mean + std · noise, scaled as the auto-encoder's model takes them: the same as
 * `scaleLatents` of `sampleLatents`, on the CPU.
 *
 * @param chosen places in `latents`
 * @param noise  standard normal, (chosen, h, w, c); null for the means
 * @returns      (chosen, h, w, c)
 */
export function drawLatents(
  latents: LatentDataset,
  chosen: Int32Array,
  scaling: LatentScaling,
  noise: Float32Array | null,
): Float32Array {
  const { latents_mean, latents_std, shift_factor, scaling_factor } = scaling;
  const channels = latents.shape[2];
  const size = latents.mean.length / latents.classLabels.length;
  const isPerChannel = latents_mean && latents_std;
  const shift = (c: number) => (isPerChannel ? latents_mean[c]! : (shift_factor ?? 0));
  const scale = (c: number) => (isPerChannel ? scaling_factor / latents_std[c]! : scaling_factor);
  const x0 = new Float32Array(chosen.length * size);
  chosen.forEach((image, i) => {
    for (let j = 0; j < size; j++) {
      const from = image * size + j;
      const z = latents.mean[from]! + (noise ? latents.std[from]! * noise[i * size + j]! : 0);
      x0[i * size + j] = (z - shift(j % channels)) * scale(j % channels);
    }
  });
  return x0;
}
