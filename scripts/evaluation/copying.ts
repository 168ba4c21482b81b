import type { Dataset, DatasetSplit } from '../../runtime/dataset/dataset.ts';
import { type ImageSet, imagesOfClass, imagesOfDataset } from '../../runtime/evaluation/imageSet.ts';
import { type NearestDistance, nearestDistance } from '../../runtime/evaluation/nearest.ts';
import { byLabel } from './measure.ts';

export interface CopyMetrics {
  generated: NearestDistance;
  heldOut: NearestDistance;
  /** Mean distance of generated images as a share of that of held-out ones: far below 1 means copies. */
  relative: number;
}

/** For each class, how near the closest training image is: to generated images, and to held-out ones. */
export function copyingPerClass(
  dataset: Dataset,
  split: DatasetSplit,
  generated: ImageSet,
  heldOut: ImageSet,
  onProgress: (share: number) => void,
): Record<string, CopyMetrics> {
  const metrics = dataset.labels.map((_, label) => {
    const members = split.train.filter((image) => dataset.classLabels[image] === label);
    const training = imagesOfClass(imagesOfDataset(dataset, members), label);
    const distanceOf = (images: ImageSet) => nearestDistance(imagesOfClass(images, label), training, images.shape);
    const [ofGenerated, ofHeldOut] = [distanceOf(generated), distanceOf(heldOut)];
    onProgress((label + 1) / dataset.labels.length);
    return { generated: ofGenerated, heldOut: ofHeldOut, relative: ofGenerated.mean / ofHeldOut.mean };
  });
  return byLabel(dataset.labels, metrics);
}
