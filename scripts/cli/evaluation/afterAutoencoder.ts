import {
  type Dataset,
  type DiffusionModel,
  datasetOfPictures,
  framesOf,
  imagesOfDataset,
  reconstruct,
  rowsOf,
  singleFrames,
} from '../../../runtime/index.ts';
import { withProgress } from '../../node/terminal.ts';
import { paintedAsGenerated } from './paintedAsGenerated.ts';

/**
 * What the auto-encoder makes of some subjects of a data set, in the colours in which generated ones are handed out: nothing
 * generated can be expected to show more of what was asked for.
 *
 * @returns `l1`: the mean absolute difference of the pictures before they are painted
 */
export async function afterAutoencoder(
  model: DiffusionModel,
  whole: Dataset,
  subjects: Int32Array,
): Promise<{ l1: number; remade: Dataset }> {
  const single = singleFrames(whole);
  const frames = imagesOfDataset(single, framesOf(whole, subjects));
  const { l1, pictures } = await withProgress('reconstruct', (onProgress) => reconstruct(model, frames, onProgress));
  const { images } = datasetOfPictures(pictures, frames.classLabels, single);
  return { l1, remade: paintedAsGenerated(model, { ...withoutImages(whole, subjects), images }) };
}

function withoutImages({ sources: _, attributes, ...whole }: Dataset, subjects: Int32Array): Omit<Dataset, 'images'> {
  return {
    ...whole,
    classLabels: subjects.map((subject) => whole.classLabels[subject]!),
    ...(attributes && { attributes: rowsOf(attributes, subjects) }),
  };
}
