import {
  diffusionModelFor,
  type Networks,
  nextValue,
  type PacedRun,
  type Recipe,
  type SampleStep,
  sampleRecipesInSlices,
} from '../../runtime/index.ts';

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
