import {
  diffusionModelFor,
  type Networks,
  nextValue,
  type PacedRun,
  type Recipe,
  type SampleStep,
  sampleRecipesInSlices,
} from '../../runtime/index.ts';

/** How far guidance moved the predicted noise along the way to a picture. */
export interface GuidanceTrace {
  /** The timestep at which the network was evaluated in each step, descending. */
  readonly timesteps: readonly number[];
  /**
   * For each step the root mean square of epsGuided − epsUncond; that of the noise itself is about 1. Null where the step
   * took one pass, so that there is no difference: at guidance 0 and 1, and outside of the guidance interval. A student, which
   * guides itself in one pass, is not measured: see `traceGuidanceAsync`.
   */
  readonly guidanceNorm: readonly (number | null)[];
}

/**
 * Denoises a recipe and measures how far guidance moves the predicted noise; what the GPU has is read at the end.
 *
 * @returns one value for each step; null where it took one pass
 * @throws  the signal's reason, between slices; nothing stays allocated then
 */
export async function traceGuidance(networks: Networks, recipe: Recipe, run: PacedRun): Promise<(number | null)[]> {
  const { classifiers } = networks;
  const model = diffusionModelFor(recipe, networks);
  const steps = sampleRecipesInSlices(model, [recipe], { classifiers, signal: run.signal, measureGuidance: true });
  const norms: SampleStep['guidanceNorm'][] = [];
  try {
    for (let step = await nextValue(steps, run); step; step = await nextValue(steps, run)) {
      norms.push(step.guidanceNorm);
      await run.pace.step?.();
    }
    return await Promise.all(norms.map(async (norm) => norm && (await norm.data())[0]!));
  } finally {
    steps.return(undefined);
    for (const norm of norms) norm?.dispose();
  }
}
