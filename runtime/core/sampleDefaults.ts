// How a model samples unless told otherwise, and what its student knows: model_index.json says so, and recipes ask.
import type { SamplerName } from './samplingBounds.ts';

/** How a model samples unless told otherwise. */
export interface SampleDefaults {
  readonly sampler: SamplerName;
  readonly numInferenceSteps: number;
  readonly guidanceScale: number;
  /**
   * Training timesteps between which the model is guided where no recipe says otherwise; absent: at all of them. A student has none: it
   * has learned to guide itself as its teacher does.
   */
  readonly guidanceInterval?: readonly [tMin: number, tMax: number];
}

/** What a distilled U-Net has learned to do. Whatever else is asked for, its teacher does, with defaults of its own. */
export interface StudentFacts {
  /** The numbers of steps, of the sampler ddim, that it takes. */
  readonly stepCounts: readonly number[];
  /** The least and the largest guidance scale that it follows in one pass. */
  readonly guidanceScale: readonly [least: number, most: number];
  readonly teacher: SampleDefaults;
}
