import { type Dataset, uniforms } from '../../runtime/index.ts';
import { drawItem, ITEM_NAMES, ITEM_SIZE_PX } from './items.ts';

export const IMAGES_PER_LABEL = 160;

/** More than an item uses. */
const DRAWS_PER_ITEM = 32;
const CHANNELS = 4;

/**
 * Treasures of a tavern's guests, drawn by our own code: five labels, pictures of 16×16 pixels with alpha.
 *
 * @param seed uint32; the same seed gives the same pictures
 */
export function builtInDataset(seed = 1, perLabel = IMAGES_PER_LABEL): Dataset {
  const size = ITEM_SIZE_PX * ITEM_SIZE_PX * CHANNELS;
  const count = perLabel * ITEM_NAMES.length;
  const images = new Uint8Array(count * size);
  const classLabels = Int32Array.from({ length: count }, (_, i) => Math.floor(i / perLabel));
  for (let i = 0; i < count; i++) {
    const numbers = uniforms(seed, i, DRAWS_PER_ITEM);
    let next = 0;
    images.set(
      drawItem(ITEM_NAMES[classLabels[i]!]!, () => numbers[next++]!),
      i * size,
    );
  }
  return {
    name: 'treasures',
    widthPx: ITEM_SIZE_PX,
    heightPx: ITEM_SIZE_PX,
    channels: CHANNELS,
    labels: [...ITEM_NAMES],
    licence: 'Apache-2.0',
    attribution: 'drawn by the training corner of Figment',
    images,
    classLabels,
  };
}
