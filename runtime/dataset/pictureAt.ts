import { MATERIAL_CHANNELS } from '../core/channelNames.ts';
import { type PixelImage, takeChannels } from '../core/pixels.ts';
import type { Dataset } from './dataset.ts';

type Pictures = Pick<Dataset, 'images' | 'widthPx' | 'heightPx' | 'channels'>;

/** One picture of a data set, RGB or RGBA, without its maps. */
export function pictureAt(dataset: Pictures, image: number): PixelImage {
  const { widthPx: width, heightPx: height, channels } = dataset;
  if (channels === MATERIAL_CHANNELS) return partAt(dataset, image, 0);
  return { width, height, channels, pixels: bytesAt(dataset, image) };
}

/** The maps of a picture as RGB: height, roughness, metallic; null where the data have none. */
export function mapsAt(dataset: Pictures, image: number): PixelImage | null {
  return dataset.channels === MATERIAL_CHANNELS ? partAt(dataset, image, 3) : null;
}

function partAt(dataset: Pictures, image: number, first: number): PixelImage {
  const pixels = takeChannels(bytesAt(dataset, image), MATERIAL_CHANNELS, first);
  return { width: dataset.widthPx, height: dataset.heightPx, channels: 3, pixels };
}

function bytesAt({ images, widthPx, heightPx, channels }: Pictures, image: number): Uint8Array {
  const length = widthPx * heightPx * channels;
  return images.subarray(image * length, (image + 1) * length);
}
