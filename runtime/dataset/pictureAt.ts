import { MATERIAL_CHANNELS } from '../core/channelNames.ts';
import { numFramesOf, swapAxes } from '../core/frames.ts';
import { type PixelImage, takeChannels } from '../core/pixels.ts';
import { type Dataset, imageLength } from './dataset.ts';

type Pictures = Pick<Dataset, 'images' | 'widthPx' | 'heightPx' | 'channels' | 'frames'>;

/** One picture of a data set, RGB or RGBA, without its maps; frames stand in a row. */
export function pictureAt(dataset: Pictures, image: number): PixelImage {
  const { heightPx: height, channels } = dataset;
  if (channels === MATERIAL_CHANNELS) return partAt(dataset, image, 0);
  return { width: rowWidth(dataset), height, channels, pixels: bytesAt(dataset, image) };
}

/** The maps of a picture as RGB: height, roughness, metallic; null where the data have none. */
export function mapsAt(dataset: Pictures, image: number): PixelImage | null {
  return dataset.channels === MATERIAL_CHANNELS ? partAt(dataset, image, 3) : null;
}

function partAt(dataset: Pictures, image: number, first: number): PixelImage {
  const pixels = takeChannels(bytesAt(dataset, image), MATERIAL_CHANNELS, first);
  return { width: rowWidth(dataset), height: dataset.heightPx, channels: 3, pixels };
}

const rowWidth = (dataset: Pictures) => numFramesOf(dataset) * dataset.widthPx;

function bytesAt(dataset: Pictures, image: number): Uint8Array {
  const { images, widthPx, heightPx, channels } = dataset;
  const length = imageLength(dataset);
  const frames = images.subarray(image * length, (image + 1) * length);
  return swapAxes(frames, numFramesOf(dataset), heightPx, widthPx * channels);
}
