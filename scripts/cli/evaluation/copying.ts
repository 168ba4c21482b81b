import {
  type Dataset,
  type DatasetSplit,
  type ImageSet,
  imagesOfClass,
  imagesOfDataset,
  type NearestDistance,
  nearestDistance,
} from '../../../runtime/index.ts';

/** How near the closest training image is to three sets of images. */
export interface CopyMetrics {
  generated: NearestDistance;
  heldOut: NearestDistance;
  /** Held-out images after the auto-encoder, whose error generated images have too: the fair comparison. */
  reconstructedHeldOut: NearestDistance;
  /** Mean of `generated` as a share of that of `reconstructedHeldOut`: well below 1 means copies. */
  relative: number;
}

/** One entry for each class. */
export function copyingPerClass(
  dataset: Dataset,
  split: DatasetSplit,
  sets: Record<'generated' | 'heldOut' | 'reconstructedHeldOut', ImageSet>,
  onProgress: (share: number) => void,
): CopyMetrics[] {
  return dataset.labels.map((_, label) => {
    const members = split.train.filter((image) => dataset.classLabels[image] === label);
    const training = imagesOfClass(imagesOfDataset(dataset, members), label);
    const distanceOf = (images: ImageSet) => nearestDistance(imagesOfClass(images, label), training, images.shape);
    const [generated, heldOut] = [distanceOf(sets.generated), distanceOf(sets.heldOut)];
    const reconstructedHeldOut = distanceOf(sets.reconstructedHeldOut);
    onProgress((label + 1) / dataset.labels.length);
    return { generated, heldOut, reconstructedHeldOut, relative: generated.mean / reconstructedHeldOut.mean };
  });
}
