import { dispose, keep, Tensor, type Tensor1D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { guidedPredictionInSlices, type SlicedDenoisingModel } from '../diffusion/guidance.ts';
import type { SamplerStep } from '../diffusion/samplerType.ts';
import { sizeUnit, unet2dInSlices } from '../networks/unet2d.ts';
import { rowsOfCondition } from './conditioningOf.ts';
import { noise } from './latentNoise.ts';
import { type DiffusionModel, elsewhereOf } from './model.ts';
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
  const { guidance, classifierGuide, condition, sampler, measure, tiles } = plan;
  const { config, weights } = model.unet;
  const { figment } = model.index;
  const elsewhere = elsewhereOf(model, xt);
  const unit = sizeUnit(config);
  const turn = pass * sampler.timesteps.length + index;
  const options = { circular: figment.circularPadding, tiles };
  const predict: SlicedDenoisingModel<Tensor4D> = function* (x, t, classes) {
    const told = rowsOfCondition(condition, classes);
    try {
      return yield* withShiftedTiles(x, {
        tiles,
        unit,
        turn,
        predict: (rolled) =>
          elsewhere?.unet(rolled, t, told) ?? unet2dInSlices(config, weights, rolled, t, told, options),
      });
    } finally {
      if (told instanceof Tensor) told.dispose();
    }
  };
  const t = sampler.timesteps[index]!;
  const input = tidy(() => sampler.scaleInput(xt, index));
  const owned = [input];
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

export function disposeDenoised({ xt, x0Pred, guidanceNorm }: Denoised): void {
  dispose([xt, x0Pred]);
  guidanceNorm?.dispose();
}
