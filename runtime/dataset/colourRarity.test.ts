import { expect, it } from 'vitest';
import { toPremultiplied } from '../core/pixels.ts';
import { expectClose } from '../testing/matchers.ts';
import { colourRarity, pixelRarity } from './colourRarity.ts';

const CLEAR = [9, 200, 9, 0];
const BLACK = [0, 0, 0, 255];
const SKIN = [224, 160, 112, 255];
const IRIS = [40, 90, 200, 255];

/** A data set of pictures of 2×2 pixels. */
const datasetOf = (pictures: number[][][], channels: 3 | 4 | 6 = 4) => ({
  images: Uint8Array.from(pictures.flat(2)),
  channels,
  widthPx: 2,
  heightPx: 2,
});

const pictures = [
  [SKIN, SKIN, SKIN, IRIS],
  [SKIN, BLACK, CLEAR, CLEAR],
  [IRIS, IRIS, IRIS, IRIS],
];

function rarityIn(dataset: ReturnType<typeof datasetOf>, indices: number[], shown: number[]): number[] {
  const rarity = colourRarity(dataset, Int32Array.from(indices));
  const length = 4 * dataset.channels;
  const values = shown.map((i) =>
    toPremultiplied(dataset.images.subarray(i * length, (i + 1) * length), dataset.channels),
  );
  const batch = Float32Array.from(values.flatMap((value) => [...value]));
  return [...pixelRarity(rarity, batch, length, dataset.channels)];
}

/** By the equation: of 8 pixels of the first two pictures so many have the colour, which is one of four. */
const weightOf = (count: number) => 1 / (count / 8 / 2 + 1 / 4 / 2);
const SKIN_WEIGHT = weightOf(4);
const RARE_WEIGHT = weightOf(1);
const CLEAR_WEIGHT = weightOf(2);

it('counts pixels by the share of their colour, on average as 1 in each picture', () => {
  const weights = rarityIn(datasetOf(pictures), [0, 1], [0, 1]);
  const first = (3 * SKIN_WEIGHT + RARE_WEIGHT) / 4;
  const second = (SKIN_WEIGHT + RARE_WEIGHT + 2 * CLEAR_WEIGHT) / 4;
  const expected = [
    ...[SKIN_WEIGHT, SKIN_WEIGHT, SKIN_WEIGHT, RARE_WEIGHT].map((weight) => weight / first),
    ...[SKIN_WEIGHT, RARE_WEIGHT, CLEAR_WEIGHT, CLEAR_WEIGHT].map((weight) => weight / second),
  ];
  expectClose(weights, expected);
});

it('counts all pixels alike in a picture of one colour, and of colours that no picture had', () => {
  expectClose(rarityIn(datasetOf(pictures), [1], [0, 2]).slice(4), [1, 1, 1, 1]);
});

it('tells colours apart by red, green and blue alone, where maps follow', () => {
  const withMaps = pictures.map((picture) => picture.map(([r, g, b], i) => [r!, g!, b!, 20 * i, 50 * i, 80 * i]));
  const opaque = pictures.map((picture) => picture.map(([r, g, b]) => [r!, g!, b!]));
  expect(rarityIn(datasetOf(withMaps, 6), [0, 1], [0, 1])).toEqual(rarityIn(datasetOf(opaque, 3), [0, 1], [0, 1]));
});
