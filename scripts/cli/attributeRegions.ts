// Where in latents the attributes of images show, each with all others alike.
import { inverse, Matrix } from 'ml-matrix';
import { INSIDE, OUTSIDE } from '../../runtime/core/regions.ts';
import type { LatentDataset } from '../../runtime/index.ts';

/** Words of which an image shows one at most: the labels, or those of an attribute. */
interface Words {
  /** The place of the first among all words. */
  start: number;
  size: number;
  /** The place among these words of that which an image shows; below 0 where it shows none. */
  shownBy(image: number): number;
}

/** A linear regression of latents on the words that images show. */
interface Regression {
  /** (N, all words): 1 where an image shows a word. */
  design: Matrix;
  /** (all words, N): the effects of the words are this times the latents. */
  solution: Matrix;
  /** (all words, all words): the covariance of the effects, in units of the variance that they leave over. */
  covariance: Matrix;
}

/** Labels and each attribute tell alike that an image is one, which a little ridge (Hoerl & Kennard 1970) decides between. */
const RIDGE = 1;

/** So many values of latents are regressed at once, which takes 64 MB for 8192 images. */
const VALUES_AT_ONCE = 1024;

/**
 * The cells of latents in which each attribute tells at least a share of what they vary, all else alike: what horns change is not taken for
 * what the skin of demons does. Cells of which the images tell too little, as where all demons have horns and nobody else, are among them.
 *
 * Source: Searle 1971, Linear Models, chapter 4: the variance of a regression's effects, with what chance may hide of it. Here in units of
 * what a channel varies in the mean of all cells, so that cells that hardly vary count little; the mean of all channels.
 *
 * @param sizes    how many words each of the images' attributes has; 0 for one of numbers, which shows nowhere
 * @param minShare 0 … 1
 * @returns        for each attribute a row of text for each row of latents, as `Regions` has them
 */
export function attributeRegions(latents: LatentDataset, sizes: readonly number[], minShare: number): string[][] {
  const [height, width, channels] = latents.shape;
  const groups = groupsOf(latents, sizes);
  const { told, all } = variances(latents, groups);
  const perChannel = new Float64Array(channels);
  for (const [i, variance] of all.entries()) perChannel[i % channels]! += variance / (height * width);
  return told.map((ofAttribute) => {
    const shares = new Float64Array(height * width);
    for (const [i, variance] of ofAttribute.entries()) {
      const whole = perChannel[i % channels]!;
      if (whole > 0) shares[Math.floor(i / channels)]! += variance / whole / channels;
    }
    const cells = Array.from(shares, (share) => (share >= minShare ? INSIDE : OUTSIDE));
    return Array.from({ length: height }, (_, y) => cells.slice(y * width, (y + 1) * width).join(''));
  });
}

/** The labels first, and then the attributes. */
function groupsOf({ classLabels, attributes }: LatentDataset, sizes: readonly number[]): Words[] {
  const numLabels = Math.max(...classLabels) + 1;
  const groups: Words[] = [{ start: 0, size: numLabels, shownBy: (image) => classLabels[image]! }];
  let start = numLabels;
  for (const [column, size] of sizes.entries()) {
    const shownBy = (image: number) => (size > 0 ? attributes![image * sizes.length + column]! : -1);
    groups.push({ start, size, shownBy });
    start += size;
  }
  return groups;
}

/** The variance of each value of latents, and for each attribute what it tells of that. */
function variances({ mean, classLabels, shape }: LatentDataset, [labels, ...attributes]: readonly Words[]) {
  const numImages = classLabels.length;
  const size = shape[0] * shape[1] * shape[2];
  const { design, solution, covariance } = regression(numImages, [labels!, ...attributes]);
  const shares = attributes.map((words) => wordShares(numImages, words));
  const told = attributes.map(() => new Float64Array(size));
  const all = new Float64Array(size);
  for (let first = 0; first < size; first += VALUES_AT_ONCE) {
    const values = centredColumns(mean, numImages, first, Math.min(VALUES_AT_ONCE, size - first));
    const effects = solution.mmul(values);
    const left = varianceOf(Matrix.sub(values, design.mmul(effects)), Math.max(1, numImages - design.columns));
    all.set(varianceOf(values, numImages), first);
    for (const [i, words] of attributes.entries()) {
      const byChance = spreadOfCovariance(covariance, words, shares[i]!);
      for (let value = 0; value < values.columns; value++) {
        told[i]![first + value] = spreadOfEffects(effects, value, words, shares[i]!) + byChance * left[value]!;
      }
    }
  }
  return { told, all };
}

function regression(numImages: number, groups: readonly Words[]): Regression {
  const numWords = groups.reduce((sum, { size }) => sum + size, 0);
  const design = Matrix.zeros(numImages, numWords);
  for (let image = 0; image < numImages; image++) {
    for (const { start, shownBy } of groups) {
      if (shownBy(image) >= 0) design.set(image, start + shownBy(image), 1);
    }
  }
  const transposed = design.transpose();
  const covariance = inverse(Matrix.add(transposed.mmul(design), Matrix.eye(numWords).mul(RIDGE)));
  return { design, solution: covariance.mmul(transposed), covariance };
}

/** The share of each word among the images that show one. */
function wordShares(numImages: number, { size, shownBy }: Words): Float64Array {
  const counts = new Float64Array(size);
  for (let image = 0; image < numImages; image++) if (shownBy(image) >= 0) counts[shownBy(image)]!++;
  const numKnown = Math.max(
    1,
    counts.reduce((sum, count) => sum + count, 0),
  );
  return counts.map((count) => count / numKnown);
}

/** Some values of all images' latents, (N, count), each less its mean. */
function centredColumns(latents: Float32Array, numImages: number, first: number, count: number): Matrix {
  const size = latents.length / numImages;
  const columns = Matrix.zeros(numImages, count);
  for (let image = 0; image < numImages; image++) {
    for (let value = 0; value < count; value++) columns.set(image, value, latents[image * size + first + value]!);
  }
  return columns.subRowVector(columns.mean('column'));
}

/** The sum of squares of each column, divided. */
function varianceOf(columns: Matrix, divisor: number): Float64Array {
  const sums = new Float64Array(columns.columns);
  for (let row = 0; row < columns.rows; row++) {
    for (let column = 0; column < sums.length; column++) sums[column]! += columns.get(row, column) ** 2 / divisor;
  }
  return sums;
}

/** The variance of what the words of an attribute add to a value of latents. */
function spreadOfEffects(effects: Matrix, value: number, { start }: Words, shares: Float64Array): number {
  let [sum, squares] = [0, 0];
  for (const [word, share] of shares.entries()) {
    const effect = effects.get(start + word, value);
    sum += share * effect;
    squares += share * effect ** 2;
  }
  return squares - sum ** 2;
}

/** That variance in the mean of effects that are nothing but chance, in units of what no word tells. */
function spreadOfCovariance(covariance: Matrix, { start }: Words, shares: Float64Array): number {
  let spread = 0;
  for (const [word, share] of shares.entries()) {
    spread += share * covariance.get(start + word, start + word);
    for (const [other, next] of shares.entries()) spread -= share * next * covariance.get(start + word, start + other);
  }
  return spread;
}
