import { withChannels } from '../core/pixels.ts';
import type { Dataset } from './dataset.ts';

/** The size and channels of a model's pictures. */
export type ImageFormat = Pick<Dataset, 'widthPx' | 'heightPx' | 'channels'>;

/**
 * A data set whose pictures a model can encode: opaque ones become RGBA where it takes alpha.
 *
 * @throws RangeError naming the difference when the pictures have another size, or alpha that the model does not take
 */
export function fitImages(dataset: Dataset, format: ImageFormat): Dataset {
  const { widthPx, heightPx, channels } = dataset;
  if (widthPx !== format.widthPx || heightPx !== format.heightPx) {
    throw new RangeError(
      `the pictures are ${widthPx}×${heightPx} px, those of the model ${format.widthPx}×${format.heightPx}; resize them, or make them smaller with --shrink`,
    );
  }
  if (channels === format.channels) return dataset;
  if (format.channels === 3)
    throw new RangeError('the pictures have alpha, which the model does not take; flatten them');
  const all = { width: widthPx, height: heightPx * dataset.classLabels.length, channels, pixels: dataset.images };
  return { ...dataset, channels: 4, images: withChannels(all, 4) as Uint8Array };
}
