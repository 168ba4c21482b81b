import { scaleNearest } from '../../runtime/index.ts';
import { escapeHtml } from '../bake/pageFiles.ts';
import { encodePng } from '../node/png.ts';
import { rasterise } from './plot.ts';

export interface SheetRow {
  label: string;
  /** RGBA bytes of each picture. */
  pictures: readonly Uint8Array[];
}

/** The sheet is drawn at half of the pixels that the PNG has. */
const LABEL_WIDTH = 96;

/** Rows of pictures, each with its name on the left, as a PNG. */
export function labelledSheet(rows: readonly SheetRow[], widthPx: number, heightPx: number): Uint8Array {
  const columns = Math.max(...rows.map(({ pictures }) => pictures.length));
  const [width, height] = [LABEL_WIDTH + columns * widthPx, rows.length * heightPx];
  const content = rows.flatMap(({ label, pictures }, row) => [
    `<text x="${LABEL_WIDTH - 8}" y="${row * heightPx + heightPx / 2 + 4}" text-anchor="end" font-size="12" font-family="KaTeX_SansSerif" fill="#3a3027">${escapeHtml(label)}</text>`,
    ...pictures.map((pixels, i) => image(pixels, widthPx, heightPx, LABEL_WIDTH + i * widthPx, row * heightPx)),
  ]);
  return rasterise(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#fffdf8"/>${content.join('')}</svg>`,
  );
}

function image(pixels: Uint8Array, widthPx: number, heightPx: number, x: number, y: number): string {
  const png = encodePng({
    width: 2 * widthPx,
    height: 2 * heightPx,
    channels: 4,
    pixels: scaleNearest(pixels, widthPx, heightPx, 2),
  });
  const data = Buffer.from(png).toString('base64');
  return `<image x="${x}" y="${y}" width="${widthPx}" height="${heightPx}" href="data:image/png;base64,${data}"/>`;
}
