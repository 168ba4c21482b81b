import type { SamplerName } from '../core/samplingBounds.ts';
import { createDdim } from './ddim.ts';
import { createDdpm } from './ddpm.ts';
import { createDpmSolver } from './dpmSolver.ts';
import { createEuler } from './euler.ts';
import type { Sampler, SamplerOptions } from './samplerType.ts';
import { type SchedulerConfig, samplerNameOf } from './schedulerConfig.ts';

const CREATORS: Record<SamplerName, (config: SchedulerConfig, options: SamplerOptions) => Sampler> = {
  ddpm: createDdpm,
  ddim: createDdim,
  'dpm++': createDpmSolver,
  euler: createEuler,
};

/**
 * A sampler for a model trained with this schedule; any of the four runs any config.
 *
 * ```ts
 * const sampler = createSampler('ddim', config, { numInferenceSteps: 20 });
 * for (const [index, t] of sampler.timesteps.entries()) {
 *   const next = sampler.step(predict(sampler.scaleInput(xt, index), t), index, xt);
 *   …
 * }
 * sampler.dispose();
 * ```
 * @throws RangeError for an unknown name or an option out of range
 */
export function createSampler(name: SamplerName, config: SchedulerConfig, options: SamplerOptions): Sampler {
  if (Object.hasOwn(CREATORS, name)) return CREATORS[name](config, options);
  throw new RangeError(`createSampler: "${name}" is unknown; expected ${Object.keys(CREATORS).join(', ')}`);
}

/** The sampler that the config's `_class_name` asks for. */
export function samplerForConfig(config: SchedulerConfig, numInferenceSteps: number): Sampler {
  return createSampler(samplerNameOf(config), config, { numInferenceSteps });
}
