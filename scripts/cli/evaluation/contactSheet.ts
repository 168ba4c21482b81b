import {
  composeSheet,
  type Dataset,
  type GeneratedPicture,
  numFramesOf,
  scaleNearest,
} from '../../../runtime/index.ts';
import { encodePng } from '../../node/png.ts';

const MAX_COLUMNS = 8;
/** Pictures of a larger size are shown as they are, others at twice their size. */
const MAX_ENLARGED_PX = 64;

/**
 * One row a label, the first pictures of each, of frames one, as a PNG file.
 *
 * @param pictures label after label, equally many of each
 * @param recipe   stored in the file's text
 */
export function contactSheet(pictures: readonly GeneratedPicture[], dataset: Dataset, recipe: unknown): Uint8Array {
  const perLabel = pictures.length / dataset.labels.length;
  const columns = Math.min(dataset.frames ? 1 : MAX_COLUMNS, perLabel);
  const [widthPx, heightPx] = [dataset.widthPx * numFramesOf(dataset), dataset.heightPx];
  const chosen = pictures.filter((_, i) => i % perLabel < columns);
  const scale = dataset.widthPx > MAX_ENLARGED_PX ? 1 : 2;
  const tiles = chosen.map(({ pixels }) => scaleNearest(pixels, widthPx, heightPx, scale));
  const sheet = composeSheet(tiles, columns, scale * widthPx, scale * heightPx);
  return encodePng({ ...sheet, text: { recipe: JSON.stringify(recipe) } });
}
