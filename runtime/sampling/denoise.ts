import { dispose, keep, Tensor, type Tensor1D, type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { guidedPredictionInSlices, type SlicedDenoisingModel } from '../diffusion/guidance.ts';
import type { SamplerStep } from '../diffusion/samplerType.ts';
import { currentRecorder } from '../kernels/plan/recordings.ts';
import type { Shift } from '../networks/roll.ts';
import { placesAt, sizeUnit, type UNet2DOptions, unet2dInSlices, unet2dOfEmbedding } from '../networks/unet2d.ts';
import { imageEmbeddings, type UNet2DCondition } from '../networks/unet2dEmbedding.ts';
import { rowsOfCondition } from './batchCondition.ts';
import { noise } from './latentNoise.ts';
import { type DiffusionModel, elsewhereOf } from './model.ts';
import { recordedInSlices } from './recordedPass.ts';
import type { SamplingPlan } from './samplingPlan.ts';
import { withShiftedTiles } from './shiftedTiles.ts';

/** What a step gives. */
export interface Denoised extends SamplerStep<Tensor4D> {
  /** How far guidance moved the predicted noise of each image, (B), where that was measured. */
  guidanceNorm: Tensor1D | null;
}

/**
 * One step of the reverse process from xt, which stays the caller's, as the results are.
 *
 * @param pass which time the step is made, from 0
 */
export function* denoiseInSlices(
  model: DiffusionModel,
  plan: SamplingPlan,
  xt: Tensor4D,
  index: number,
  pass = 0,
): Generator<void, Denoised> {
  const { guidance, classifierGuide, condition, sampler, measure, tiles, noiseShift } = plan;
  const { figment } = model.index;
  const elsewhere = elsewhereOf(model, xt);
  const unit = sizeUnit(model.unet.config);
  const turn = pass * sampler.timesteps.length + index;
  const options = { circular: figment.circularPadding, tiles };
  const predict: SlicedDenoisingModel<Tensor4D> = function* (x, t, classes) {
    const told = rowsOfCondition(condition, classes);
    try {
      return yield* withShiftedTiles(x, {
        tiles,
        unit,
        turn,
        predict: (rolled, [down, right]) => {
          const { config, weights } = model.unet;
          const shift: Shift = [down + noiseShift[0], right + noiseShift[1]];
          const places = shift.some(Boolean) ? placesAt(config, weights, shift) : null;
          if (places) owned.push(places);
          else if (elsewhere) return elsewhere.unet(rolled, t, told);
          const evaluate = plan.isRecorded ? recordedUNet : unet2dOf;
          return evaluate(model, rolled, t, told, places ? { ...options, places } : options);
        },
      });
    } finally {
      if (told instanceof Tensor) told.dispose();
    }
  };
  const t = sampler.timesteps[index]!;
  const input = tidy(() => sampler.scaleInput(xt, index));
  const owned: Tensor4D[] = [input];
  const norms: Tensor1D[] = []; // one, if any
  const observe = (guided: Tensor4D, uncond: Tensor4D) => norms.push(keep(measure!(guided, uncond, index)));
  try {
    const output = yield* guidedPredictionInSlices(
      predict,
      input,
      t,
      condition.classesAt(index),
      condition.nullLabel,
      guidance,
      measure && observe,
    );
    owned.push(output);
    if (classifierGuide) yield;
    const steered = classifierGuide?.(output, input, t);
    if (steered) owned.push(steered);
    const stepNoise = sampler.needsNoise ? noise(plan, 'step', index, pass) : undefined;
    if (stepNoise) owned.push(stepNoise);
    return { ...tidy(() => sampler.step(steered ?? output, index, xt, stepNoise)), guidanceNorm: norms.pop() ?? null };
  } finally {
    dispose([...owned, ...norms]);
  }
}

type Evaluation = [
  model: DiffusionModel,
  x: Tensor4D,
  t: ArrayLike<number>,
  told: UNet2DCondition,
  options: UNet2DOptions,
];

function unet2dOf(...[{ unet }, x, t, told, options]: Evaluation): Generator<void, Tensor4D> {
  return unet2dInSlices(unet.config, unet.weights, x, t, told, options);
}

/** The network by its recording, where the backend has one, for steps that are not recorded as a whole. */
function* recordedUNet(...evaluation: Evaluation): Generator<void, Tensor4D> {
  const [model, x, t, told, options] = evaluation;
  if (!currentRecorder()) return yield* unet2dOf(...evaluation);
  const { config, weights } = model.unet;
  const { places, ...borders } = options;
  const emb = imageEmbeddings(config, weights, t, told);
  try {
    return yield* recordedInSlices(model, {
      name: `unet in tiles of ${options.tiles}`,
      inputs: [x, emb, ...(places ? [places] : [])].map((input) => ({ input, shape: input.shape })),
      shape: [...x.shape.slice(0, 3), config.out_channels],
      pass: (input, embedding, moved) =>
        unet2dOfEmbedding(config, weights, input as Tensor4D, embedding as Tensor2D, {
          ...borders,
          ...(moved && { places: moved as Tensor4D }),
        }),
      inSlices: () => unet2dOf(...evaluation),
    });
  } finally {
    emb.dispose();
  }
}

export function disposeDenoised({ xt, x0Pred, guidanceNorm }: Denoised): void {
  dispose([xt, x0Pred]);
  guidanceNorm?.dispose();
}
