// Grades the pictures of a data set by how many colours each has, among those of its label: the third with the fewest is plain, the
// third with the most ornate. `figment dataset relabel` makes two classes of it, and `figment train classifier` a classifier.
// To run it: node gradeByColours.mjs DATA grades.csv
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { convertIndexedToRgb, decode } from 'fast-png';

const [data, out] = process.argv.slice(2);
if (!out) throw new Error('usage: node gradeByColours.mjs DATA grades.csv');

const dataset = JSON.parse(await readFile(join(data, 'dataset.json'), 'utf8'));
const lines = ['label,tile,grade'];
for (const { label, file, count } of dataset.classes) {
  const sheet = sheetOf(decode(await readFile(join(data, file))), file);
  const colours = Array.from({ length: count }, (_, tile) => numColours(sheet, tile));
  const ranks = rank(colours);
  lines.push(...ranks.map((place, tile) => `${label},${tile},${gradeAt(place / count)}`));
}
await writeFile(out, `${lines.join('\n')}\n`);

/** The bytes of a PNG, with three or four channels. */
function sheetOf(png, file) {
  const isIndexed = png.channels === 1 && png.palette !== undefined;
  if (!isIndexed && (png.depth !== 8 || png.channels < 3)) {
    throw new Error(`gradeByColours: ${file} is grey, or has 16 bits a sample; save it as RGB or RGBA of 8 bits`);
  }
  const pixels = isIndexed ? convertIndexedToRgb(png) : png.data;
  return { pixels, width: png.width, channels: pixels.length / (png.width * png.height) };
}

/** The colours of one tile of a sheet; what is clear is none. */
function numColours({ pixels, width, channels }, tile) {
  const { tileWidth, tileHeight, columns } = dataset;
  const [left, top] = [(tile % columns) * tileWidth, Math.floor(tile / columns) * tileHeight];
  const found = new Set();
  for (let y = top; y < top + tileHeight; y++) {
    for (let x = left; x < left + tileWidth; x++) {
      const at = channels * (y * width + x);
      const [red, green, blue, alpha = 255] = pixels.subarray(at, at + channels);
      if (alpha > 0) found.add((red << 16) | (green << 8) | blue);
    }
  }
  return found.size;
}

/** The place of each value when they are sorted; of equal ones the first comes first. */
function rank(values) {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b] || a - b);
  const places = Array(values.length);
  for (const [place, i] of order.entries()) places[i] = place;
  return places;
}

/** The grade at a share of the way from the fewest colours to the most. */
function gradeAt(share) {
  if (share < 1 / 3) return 'plain';
  return share < 2 / 3 ? 'between' : 'ornate';
}
