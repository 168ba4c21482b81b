import { completeRecipe } from '../recipe/complete.ts';
import { shown } from '../recipe/problems.ts';
import type { KnownClassifiers, PictureOptions, Recipe, RecipeModel, SamplingOptions } from '../recipe/recipe.ts';
import { PIPELINE_NAMES } from '../recipe/recipe.ts';
import type { ConditionalVae } from './conditionalVae.ts';
import type { DiffusionModel } from './model.ts';
import { recipeModel } from './modelInfo.ts';
import type { NoisyClassifier } from './noisyClassifier.ts';
import type { SampleRun } from './samplingPlan.ts';

/** What the runtime's own functions take for all pictures of a batch: the classifier is the network itself. */
export interface SampleOptions
  extends Omit<SamplingOptions, 'classifier'>,
    Pick<SampleRun, 'signal' | 'measureGuidance' | 'noiseShift'> {
  /** The network that steers; it stays the caller's to dispose. */
  classifier?: NoisyClassifier;
}

/** The networks that make pictures; each pipeline needs its own. */
export interface Networks {
  model?: DiffusionModel | null;
  /** The teacher of a distilled model, which makes what its student has not learned. */
  teacher?: DiffusionModel | null;
  cvae?: ConditionalVae | null;
  classifiers?: SampleRun['classifiers'];
}

/** The name by which recipes find the one classifier that the options hold. */
const THE_CLASSIFIER = 'classifier';

/**
 * Completes what is asked of networks that are loaded.
 *
 * @throws RecipeError as `completeRecipe`; RangeError when there is no network
 */
export function completeAll(
  { model, cvae }: Networks,
  requests: readonly PictureOptions[],
  options: SampleOptions,
): { recipes: Recipe[]; run: SampleRun } {
  const { classifier, signal, measureGuidance, noiseShift, ...sampling } = options;
  if (!Array.isArray(requests)) {
    throw new RangeError(`generate: the recipes are ${shown(requests)}; expected a list such as [{ label: "elf" }]`);
  }
  if (classifier !== undefined && typeof classifier?.gradient !== 'function') {
    throw new RangeError(`generate: classifier is ${shown(classifier)}; expected what createNoisyClassifier returns`);
  }
  const named = { ...sampling, ...(classifier && { classifier: THE_CLASSIFIER }) };
  const known: KnownClassifiers = new Map(classifier ? [[THE_CLASSIFIER, classifier]] : []);
  const info = loadedModel({ model, cvae });
  return {
    recipes: requests.map((request) => completeRecipe({ ...named, ...request }, info, known)),
    run: {
      signal,
      measureGuidance,
      noiseShift,
      ...(classifier && { classifiers: new Map([[THE_CLASSIFIER, classifier]]) }),
    },
  };
}

/** The pipelines of a loaded model are those whose networks are there. */
function loadedModel({ model, cvae }: Networks): RecipeModel {
  const index = (model ?? cvae)?.index;
  if (!index) throw new RangeError('generate: there is no network; give the model, or its conditional VAE');
  const pipelines = PIPELINE_NAMES.filter((name) => name.split('+').every((part) => (part === 'ddpm' ? model : cvae)));
  return { ...recipeModel(index, model?.scheduler ?? null), pipelines };
}
