import {
  assertGuidance,
  createSampler,
  parseSchedulerConfig,
  REFINE_STRENGTH,
  type SamplerName,
} from '../../runtime/index.ts';
import type { BakeAsset } from './bakeFileSchema.ts';
import type { Sampling } from './bakePlan.ts';
import type { BakeModel } from './openModels.ts';
import { messageOf, type Wrong } from './wantedPictures.ts';

/** What the pipeline cvae has no use for. */
const OF_STEPS = [
  'guidanceScale',
  'guidanceRescale',
  'guidanceInterval',
  'numInferenceSteps',
  'sampler',
  'eta',
] as const;

/** How an asset's pictures are made; undefined after telling what is wrong with it. */
export function planSampling(asset: BakeAsset, model: BakeModel, wrong: Wrong): Sampling | undefined {
  const { pipeline = 'ddpm', strength, image } = asset;
  if (strength !== undefined && pipeline !== 'cvae+ddpm' && image === undefined) {
    const why = 'it tells how far to go from an image, or the pipeline cvae+ddpm from its preview';
    return void wrong('strength', `${why}; name an image, or choose that pipeline`);
  }
  if (pipeline === 'ddpm') return planSteps(asset, model, wrong);
  if (typeof model.cvae === 'string') return void wrong('pipeline', model.cvae);
  if (pipeline === 'cvae+ddpm') {
    const steps = planSteps(asset, model, wrong);
    return steps && { pipeline, strength: strength ?? REFINE_STRENGTH, ...steps };
  }
  const useless = OF_STEPS.find((entry) => asset[entry] !== undefined);
  if (useless) {
    return void wrong(
      useless,
      'the pipeline cvae makes a picture in one pass, without guidance or steps; leave it out',
    );
  }
  return { pipeline };
}

function planSteps(asset: BakeAsset, { index, schedulerConfig }: BakeModel, wrong: Wrong): Sampling | undefined {
  const { name, sampleDefaults } = index.figment;
  const steps = {
    guidanceScale: asset.guidanceScale ?? sampleDefaults.guidanceScale,
    numInferenceSteps: asset.numInferenceSteps ?? sampleDefaults.numInferenceSteps,
    sampler: asset.sampler ?? (sampleDefaults.sampler as SamplerName),
    ...(asset.eta === undefined ? {} : { eta: asset.eta }),
    ...(asset.guidanceInterval === undefined ? {} : { guidanceInterval: asset.guidanceInterval }),
    ...(asset.guidanceRescale === undefined ? {} : { guidanceRescale: asset.guidanceRescale }),
  };
  if (steps.eta !== undefined && steps.sampler !== 'ddim') {
    return void wrong('eta', `eta is for the sampler ddim, not ${steps.sampler}; choose the sampler ddim`);
  }
  try {
    assertGuidance('bake', steps);
    const scheduler = parseSchedulerConfig(schedulerConfig, `${name}/scheduler/scheduler_config.json`);
    createSampler(steps.sampler, scheduler, steps).dispose();
  } catch (error) {
    return void wrong('numInferenceSteps', messageOf(error));
  }
  return steps;
}
