import { type Dataset, type DatasetSplit, type PixelImage, seamRatio } from '../../../runtime/index.ts';
import { byLabel } from './measure.ts';
import type { Metrics } from './report.ts';

/** @param pictures RGBA bytes, label after label, equally many of each */
export function measureSeams(
  pictures: readonly Uint8Array[],
  guidanceScale: number,
  dataset: Dataset,
  split: DatasetSplit,
): NonNullable<Metrics['seam']> {
  const size = { width: dataset.widthPx, height: dataset.heightPx };
  const generated = pictures.map((pixels): PixelImage => ({ ...size, channels: 4, pixels }));
  const perLabel = generated.length / dataset.labels.length;
  const ofLabel = (label: number) => generated.slice(label * perLabel, (label + 1) * perLabel);
  return {
    guidanceScale,
    generated: seamRatio(generated),
    heldOut: seamRatio(Array.from(split.heldOut, (image) => pictureOf(dataset, image))),
    perClass: byLabel(
      dataset.labels,
      dataset.labels.map((_, label) => seamRatio(ofLabel(label))),
    ),
  };
}

function pictureOf({ widthPx, heightPx, channels, images }: Dataset, image: number): PixelImage {
  const length = widthPx * heightPx * channels;
  const pixels = images.subarray(image * length, (image + 1) * length);
  return { width: widthPx, height: heightPx, channels, pixels: new Uint8Array(pixels) };
}
