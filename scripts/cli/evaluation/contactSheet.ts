import { composeSheet, scaleNearest } from '../../../runtime/index.ts';
import { encodePng } from '../../node/png.ts';

const MAX_COLUMNS = 12;
const SCALE = 2;

/**
 * One row a label, the first pictures of each, at twice their size, as a PNG file.
 *
 * @param pictures RGBA bytes, label after label, equally many of each
 * @param recipe   stored in the file's text
 */
export function contactSheet(
  pictures: readonly Uint8Array[],
  numLabels: number,
  { widthPx, heightPx }: { widthPx: number; heightPx: number },
  recipe: unknown,
): Uint8Array {
  const perLabel = pictures.length / numLabels;
  const columns = Math.min(MAX_COLUMNS, perLabel);
  const chosen = pictures.filter((_, i) => i % perLabel < columns);
  const tiles = chosen.map((picture) => scaleNearest(picture, widthPx, heightPx, SCALE));
  const sheet = composeSheet(tiles, columns, SCALE * widthPx, SCALE * heightPx);
  return encodePng({ ...sheet, text: { recipe: JSON.stringify(recipe) } });
}
