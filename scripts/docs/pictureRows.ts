import { composeSheet, type DiffusionModel, scaleSheet } from '../../runtime/index.ts';
import { encodePng } from '../node/png.ts';

const SCALE = 3;

/** Rows of pictures, enlarged, as a PNG. */
export function pictureRows({ index }: DiffusionModel, rows: Uint8Array[][]): Uint8Array {
  const { widthPx, heightPx } = index.figment;
  return encodePng(scaleSheet(composeSheet(rows.flat(), rows[0]!.length, widthPx, heightPx), SCALE));
}
