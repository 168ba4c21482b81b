import { expect, it } from 'vitest';
import { uniforms } from '../../runtime/core/random.ts';
import type { LatentDataset } from '../../runtime/index.ts';
import { attributeRegions } from './attributeRegions.ts';

const NUM_IMAGES = 1024;
const bit = (image: number, place: number) => (image >> place) & 1;

/** Latents of cells in a row, of one channel, of images that show these words of two attributes. */
function latentsOf(values: (image: number) => number[], words: (image: number) => [number, number]): LatentDataset {
  const rows = Array.from({ length: NUM_IMAGES }, (_, image) => values(image));
  return {
    shape: [1, rows[0]!.length, 1],
    mean: Float32Array.from(rows.flat()),
    std: new Float32Array(rows.flat().length),
    classLabels: Int32Array.from(rows, (_, image) => bit(image, 9)),
    attributes: Float32Array.from(rows.flatMap((_, image) => words(image))),
  };
}

/** Two words each, of which in three of four images both attributes have the same. */
const horns = (image: number) => bit(image, 0);
const skin = (image: number) => (bit(image, 1) || bit(image, 2) ? horns(image) : 1 - horns(image));

it('tells what an attribute changes from what goes with it', () => {
  // The horns' cell, the skin's, the label's, and one of both and of chance: a quarter of its variance is the horns'.
  const cells = (image: number) => [
    2 * horns(image) - 1,
    2 * skin(image) - 1,
    2 * bit(image, 9) - 1,
    horns(image) + Math.sqrt(3) * (bit(image, 4) - 0.5) + 0.5,
  ];
  const latents = latentsOf(cells, (image) => [horns(image), skin(image)]);
  expect(attributeRegions(latents, [2, 2], 0.05)).toEqual([['#..#'], ['.#..']]);
  // The mean variance of the cells is 1, and of the last a quarter.
  expect(attributeRegions(latents, [2, 2], 0.24)).toEqual([['#..#'], ['.#..']]);
  expect(attributeRegions(latents, [2, 2], 0.26)).toEqual([['#...'], ['.#..']]);
});

it('takes words for what changes nothing only where the images tell as much', () => {
  const drawn = uniforms(5, 0, NUM_IMAGES);
  const wordOf = (image: number) => Math.floor(8 * drawn[image]!);
  const latents = latentsOf(
    (image) => [2 * bit(image, 3) - 1],
    (image) => [bit(image, 4) ? wordOf(image) : -1, 0], // of half of the images it is not known
  );
  const few: LatentDataset = {
    ...latents,
    mean: latents.mean.slice(0, 64),
    classLabels: latents.classLabels.slice(0, 64),
    attributes: latents.attributes!.slice(0, 128),
  };
  // By chance the means of 8 words tell 7 of 512 parts of the variance of 512 images, and 7 of 32 parts of that of 32.
  expect(attributeRegions(latents, [8, 1], 0.1)).toEqual([['.'], ['.']]);
  expect(attributeRegions(few, [8, 1], 0.1)).toEqual([['#'], ['.']]);
});

it('shows nowhere what is a number, and nothing in latents that never vary', () => {
  const latents = latentsOf(
    (image) => [2 * horns(image) - 1, 0],
    (image) => [horns(image), horns(image)],
  );
  expect(attributeRegions(latents, [2, 0], 0.01)).toEqual([['#.'], ['..']]);
});
