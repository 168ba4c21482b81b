// Latents are moved towards what was asked for, where a linear probe reads something else in them.
import {
  add,
  clipByValue,
  div,
  exp,
  mul,
  reshape,
  sub,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  tensor1d,
  tensor2d,
  tidy,
} from '@tensorflow/tfjs-core';
import { type LinearProbe, MAX_PROBE_LOGIT, type ProbeGroup } from '../core/linearProbe.ts';
import { linear } from '../kernels/conv2d.ts';
import { cellShares } from './cellMeans.ts';

/** A probe on the current backend, for latents of n = h · w · c values and W words. */
export interface Corrector {
  /** (n, W) and (W): from latents to logits. */
  down: Tensor2D;
  bias: Tensor1D;
  /** (W, n): how far the gradient of each word's logit moves the latents in a step. */
  up: Tensor2D;
  /** (W, W): how far the logits move where latents move by `up`. */
  between: Tensor2D;
  /** (W, W): 1 where a picture shows either word or the other. */
  groups: Tensor2D;
  /** (W): how much likelier than all others of its group a word is to be. */
  margins: Tensor1D;
}

const NUM_STEPS = 4;

/** The maps from latents to words and cells may have so many weights each, which take 64 MB: a model file could ask for any number. */
const MAX_WEIGHTS = 2 ** 24;

/**
 * Puts a probe on the current backend, for latents of this shape.
 *
 * @throws RangeError when it is for latents of other channels, or too large
 */
export function createCorrector(
  probe: LinearProbe,
  groups: readonly ProbeGroup[],
  [height, width, channels]: readonly [number, number, number],
): Corrector {
  const { grid, rate } = probe;
  const numWords = probe.bias.length;
  const [weights, bias] = [centred(probe.weights, groups, numWords), centred(probe.bias, groups, numWords)];
  if (weights.length !== numWords * channels * grid ** 2) {
    throw new RangeError(
      `its probe is for latents of ${weights.length / numWords / grid ** 2} channels, not ${channels}; make it again by figment probe`,
    );
  }
  const length = height * width * channels;
  if (length * numWords > MAX_WEIGHTS) {
    throw new RangeError(
      `its probe of ${numWords} words is for latents of ${length} values; expected at most ${MAX_WEIGHTS} weights`,
    );
  }
  if (height * width * grid ** 2 > MAX_WEIGHTS) {
    throw new RangeError(
      `its probe of ${grid}×${grid} cells is for latents of ${width}×${height}; expected at most ${MAX_WEIGHTS} weights; make it again by figment probe`,
    );
  }
  const [down, up] = mapsOf({ grid, weights, rate }, numWords, [height, width, channels]);
  return tidy(() => {
    const [fromLatents, toLatents] = [tensor2d(down, [length, numWords]), tensor2d(up, [numWords, length])];
    return {
      down: fromLatents,
      bias: tensor1d(bias),
      up: toLatents,
      between: linear(toLatents, fromLatents, null),
      groups: tensor2d(wordsTogether(groups, numWords), [numWords, numWords]),
      margins: tensor1d(groups.flatMap(({ size }, i) => new Array<number>(size).fill(probe.margins[i]!))),
    };
  });
}

/**
 * Numbers of each word less their mean in its group: that changes no probability, nor how latents move, and logits stay small
 * where all of a group are large.
 */
function centred(values: Float32Array, groups: readonly ProbeGroup[], numWords: number): Float32Array {
  const perWord = values.length / numWords;
  const centre = new Float32Array(values);
  for (const { start, size } of groups) {
    for (let column = 0; column < perWord; column++) {
      let sum = 0;
      for (let word = start; word < start + size; word++) sum += values[word * perWord + column]!;
      for (let word = start; word < start + size; word++) centre[word * perWord + column]! -= sum / size;
    }
  }
  return centre;
}

/** From latents to logits (n, W), and from words to how latents move (W, n): by the mean of the cells that have a pixel. */
function mapsOf(
  { grid, weights, rate }: Pick<LinearProbe, 'grid' | 'weights' | 'rate'>,
  numWords: number,
  [height, width, channels]: readonly [number, number, number],
): [down: Float32Array, up: Float32Array] {
  const numCells = grid ** 2;
  const shares = cellShares(height, width, grid);
  const length = height * width * channels;
  const [down, up] = [new Float32Array(length * numWords), new Float32Array(numWords * length)];
  for (let value = 0; value < length; value++) {
    const [pixel, channel] = [Math.floor(value / channels), value % channels];
    const own = shares.subarray(pixel * numCells, (pixel + 1) * numCells);
    const owners = [...own.keys()].filter((cell) => own[cell]! > 0);
    for (const cell of owners) {
      for (let word = 0; word < numWords; word++) {
        const weight = weights[(word * channels + channel) * numCells + cell]!;
        down[value * numWords + word]! += own[cell]! * weight;
        up[word * length + value]! += (rate / owners.length) * weight;
      }
    }
  }
  return [down, up];
}

/** (W, W): 1 where two words are of one group. */
function wordsTogether(groups: readonly ProbeGroup[], numWords: number): Float32Array {
  const together = new Float32Array(numWords ** 2);
  for (const { start, size } of groups) {
    for (let word = start; word < start + size; word++) {
      together.fill(1, word * numWords + start, word * numWords + start + size);
    }
  }
  return together;
}

/**
 * Moves latents up the gradient of log p(asked | latents), which a linear probe has in closed form: its rows, each as much as its
 * word is asked for and not yet shown. What is asked for has its logit lowered by its margin, so that it counts as shown only where the
 * probe is as sure of it as of real pictures. Steps stay in the plane of the rows, so that what is between the first and the last is as
 * small as the number of words.
 *
 * Source: guidance by a classifier, Dhariwal & Nichol 2021, arXiv:2105.05233, section 4, here of clean latents; an additive margin in the
 * softmax, Wang et al. 2018, arXiv:1801.05599, eq. 6.
 * @param latents float32 (B, h, w, c), scaled
 * @param asked   float32 (B, W): how much of each word is asked for, 1 in all of a group
 * @param known   float32 (B, W): 1 for the words of groups of which something is asked for, else 0
 * @returns       (B, h, w, c); the caller disposes it
 */
export function corrected(
  { down, bias, up, between, groups, margins }: Corrector,
  latents: Tensor4D,
  asked: Tensor2D,
  known: Tensor2D,
): Tensor4D {
  return tidy(() => {
    const z = reshape(latents, [latents.shape[0], down.shape[0]]) as Tensor2D;
    let logits: Tensor = sub(linear(z, down, bias), mul(asked, margins));
    let sum: Tensor | null = null;
    for (let step = 1; ; step++) {
      const likelihoods = exp(clipByValue(logits, -MAX_PROBE_LOGIT, MAX_PROBE_LOGIT)) as Tensor2D;
      const probabilities = div(likelihoods, linear(likelihoods, groups, null));
      const missing = mul(known, sub(asked, probabilities)) as Tensor2D;
      sum = sum ? add(sum, missing) : missing;
      if (step === NUM_STEPS) break;
      logits = add(logits, linear(missing, between, null));
    }
    return reshape(add(z, linear(sum as Tensor2D, up, null)), latents.shape) as Tensor4D;
  });
}
