import { dispose, type Tensor4D, tensor4d, tidy, where } from '@tensorflow/tfjs-core';
import { renoise } from '../diffusion/forward.ts';
import { CLEAN } from '../diffusion/noiseLevel.ts';
import { type Denoised, denoiseInSlices, disposeDenoised } from './denoise.ts';
import { noise } from './latentNoise.ts';
import type { DiffusionModel } from './model.ts';
import type { SamplingPlan } from './samplingPlan.ts';

/** Where latents are made new, as bool tensors of the latents' shape. */
export interface Repainting {
  /** True in the cells of latents that are to be made new. */
  isNew: Tensor4D;
  /** All cells of the images that keep some: these alone go back and make a step again. */
  fitted: Tensor4D;
}

/** The recipes' masks on the grid of latents; the caller disposes both tensors. */
export function repaintingOf({ recipes, widthPx, latentShape, numFrames }: SamplingPlan): Repainting {
  const [height, width, channels] = latentShape;
  const masks = recipes.map(({ mask }) => {
    const inARow = latentMask(mask!, widthPx, width * numFrames, height);
    return stackedMask(inARow, width, numFrames);
  });
  const spread = (cellsOf: (cells: Uint8Array) => Uint8Array) => {
    const values = masks.flatMap((cells) =>
      [...cellsOf(cells)].flatMap((cell) => new Array<number>(channels / numFrames).fill(cell)),
    );
    return tensor4d(Uint8Array.from(values), [recipes.length, height, width, channels], 'bool');
  };
  return {
    isNew: spread((cells) => cells),
    fitted: spread((cells) => new Uint8Array(cells.length).fill(cells.includes(0) ? 1 : 0)),
  };
}

/** Cells of frames in a row, (h, F · w), as (h · w, F). */
function stackedMask(cells: Uint8Array, width: number, numFrames: number): Uint8Array {
  const rowLength = width * numFrames;
  return cells.map((_, i) => {
    const [cell, frame] = [Math.floor(i / numFrames), i % numFrames];
    return cells[Math.floor(cell / width) * rowLength + frame * width + (cell % width)]!;
  });
}

/**
 * One step of the reverse process that makes the masked latents new and keeps the others. Those that are kept come from the
 * original, noised to the level after the step; the step is made `resamples` times, each from where noise leads back to, so
 * that what is new comes to fit what is kept. A step to the image is made once: the kept latents are then the original's.
 *
 * The paper's jumps go 10 of 250 steps back. Here one step is as long as those, as there are 10 to 50 in all.
 *
 * Source: Lugmayr et al. 2022 (RePaint), arXiv:2201.09865, algorithm 1, with U = `resamples`.
 * @param original scaled latents of the images, shape of xt
 */
export function* repaintInSlices(
  model: DiffusionModel,
  plan: SamplingPlan,
  original: Tensor4D,
  repainting: Repainting,
  xt: Tensor4D,
  index: number,
): Generator<void, Denoised> {
  const isLast = index === plan.sampler.timesteps.length - 1;
  const numPasses = isLast ? 1 : plan.resamples;
  let from = xt;
  let made: Denoised | null = null;
  try {
    for (let pass = 0; pass < numPasses; pass++) {
      if (made) {
        const back = goBack(plan, repainting, made.xt, xt, index, pass);
        if (from !== xt) from.dispose();
        from = back;
      }
      const denoised = yield* denoiseInSlices(model, plan, from, index, pass);
      const next = keepOriginal(plan, repainting, original, denoised, made, index, pass);
      dispose([denoised.xt, denoised.x0Pred]);
      if (made) disposeDenoised(made);
      made = next;
    }
    const result = made!;
    made = null;
    return result;
  } finally {
    if (from !== xt) from.dispose();
    if (made) disposeDenoised(made);
  }
}

/** Noise back to before a step. Images that keep nothing have nothing to fit: they go back to where they were. */
function goBack(
  plan: SamplingPlan,
  { fitted }: Repainting,
  next: Tensor4D,
  xt: Tensor4D,
  index: number,
  pass: number,
): Tensor4D {
  const { sampler } = plan;
  return tidy(() => {
    const eps = noise(plan, 'back', index, pass);
    return where(fitted, renoise(next, sampler.level(index + 1), sampler.level(index), eps), xt);
  });
}

/** What a step gave where latents are made new, and the original elsewhere. */
function keepOriginal(
  plan: SamplingPlan,
  { isNew, fitted }: Repainting,
  original: Tensor4D,
  denoised: Denoised,
  before: Denoised | null,
  index: number,
  pass: number,
): Denoised {
  const { sampler } = plan;
  const merged = tidy(() => {
    const eps = noise(plan, 'kept', index, pass);
    const kept = renoise(original, CLEAN, sampler.level(index + 1), eps);
    const xt = where(isNew, denoised.xt, kept);
    return {
      xt: before ? where(fitted, xt, before.xt) : xt,
      x0Pred: where(isNew, denoised.x0Pred, original),
    };
  });
  return { ...merged, guidanceNorm: denoised.guidanceNorm };
}

/**
 * A mask of pixels on the grid of latents: a cell is made new when any of its pixels is, if only in part.
 *
 * @param mask one byte a pixel, 0 (keep) … 255, row by row
 * @returns    one byte a cell, 0 or 1, row by row
 */
export function latentMask(mask: Uint8Array, widthPx: number, latentWidth: number, latentHeight: number): Uint8Array {
  const cellPx = widthPx / latentWidth;
  const cells = new Uint8Array(latentWidth * latentHeight);
  for (const [pixel, value] of mask.entries()) {
    if (value === 0) continue;
    const [x, y] = [pixel % widthPx, Math.floor(pixel / widthPx)];
    cells[Math.floor(y / cellPx) * latentWidth + Math.floor(x / cellPx)] = 1;
  }
  return cells;
}
