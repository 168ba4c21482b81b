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
  const png = decode(await readFile(join(data, file)));
  const pixels = png.palette ? convertIndexedToRgb(png) : png.data; // RGBA
  const colours = Array.from({ length: count }, (_, tile) => numColours(pixels, png.width, tile));
  const ranks = rank(colours);
  lines.push(...ranks.map((place, tile) => `${label},${tile},${gradeAt(place / count)}`));
}
await writeFile(out, `${lines.join('\n')}\n`);

/** The colours of one tile of a sheet; what is clear is none. */
function numColours(pixels, width, tile) {
  const { tileWidth, tileHeight, columns } = dataset;
  const [left, top] = [(tile % columns) * tileWidth, Math.floor(tile / columns) * tileHeight];
  const found = new Set();
  for (let y = top; y < top + tileHeight; y++) {
    for (let x = left; x < left + tileWidth; x++) {
      const [red, green, blue, alpha] = pixels.subarray(4 * (y * width + x));
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
