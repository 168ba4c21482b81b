// The latents that a diffusion model is trained on, and what is known of the pictures that they stand for.
import {
  type Dataset,
  type DatasetSplit,
  encodeColumns,
  encodeDataset,
  type LatentDataset,
  type LatentSubjects,
  pixelEncoder,
} from '../../runtime/index.ts';
import type { LatentSource } from '../node/latentCache.ts';
import { openLatents } from '../node/openLatents.ts';
import type { TrainingData } from './trainingData.ts';
import type { CommonTrainOptions, TrainingPlace } from './trainingRun.ts';

/** How the pictures are encoded; without an auto-encoder their pixels stand for latents. */
interface Encoding {
  vae: LatentSource['vae'] | null;
  circular: boolean;
  /** Seamless pictures are seen at several shifts, too. */
  isShifted: boolean;
}

/** Encodes the images that train, or reads what the run has stored of them. @param title of the training */
export function trainingLatents(
  title: string,
  { dataset, split }: TrainingData,
  { vae, circular, isShifted }: Encoding,
  { out, flip = false }: CommonTrainOptions,
  { backend, workers }: TrainingPlace,
): Promise<LatentDataset> {
  const origin = { dataset, indices: split.train, circular, isShifted, flip };
  if (vae) return openLatents(title, { ...origin, vae, backend }, out, workers);
  return encodeDataset(dataset, split.train, null, [pixelEncoder()], origin);
}

/** Adds the attributes of the images. The latents stand for those that train, once for each way in which they are looked at. */
export function withAttributes<Latents extends LatentSubjects>(
  { dataset, split }: { dataset: Dataset; split: Pick<DatasetSplit, 'train'> },
  latents: Latents,
) {
  const imageOf = (_: number, latent: number) => split.train[latent % split.train.length]!;
  return { ...latents, attributes: encodeColumns(dataset.attributes ?? [], latents.classLabels.map(imageOf)) };
}
