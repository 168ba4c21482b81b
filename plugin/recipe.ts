import {
  assertClassifierScale,
  assertGuidance,
  CLASSIFIER_SCALE_DEFAULT,
  createSampler,
  type GuidanceOptions,
  type Interpolation,
  imageSize,
  indexOfLabel,
  MAX_SEED,
  type SamplerName,
  type SchedulerConfig,
} from '../runtime/index.ts';
import type { ClassifierInfo } from './loading/classifiers.ts';
import type { ModelInfo } from './painting/painter.ts';
import {
  completeEdit,
  editKey,
  encodeEdit,
  type PictureEdit,
  type PictureEditOptions,
  startKey,
} from './pictureEdit.ts';
import { completePipeline, type PicturePipeline, type PipelineOptions, withoutStrength } from './pipeline.ts';

/** Multiples of the tile, for models whose pictures repeat; default: the tile. */
export interface PictureSize {
  widthPx?: number;
  heightPx?: number;
  /** Width and height alike. */
  sizePx?: number;
}

/** Steers by a classifier that the model knows nothing of; see `AssetGenerator.loadClassifierAsync`. */
export interface Steering {
  /** The address or name of a classifier. */
  classifier?: string;
  /** One of its labels. */
  classifierLabel?: string;
  /** How strongly, −100 … 100: 0 is off, below 0 away from the label; default 10. */
  classifierScale?: number;
}

/** What to paint; all but the label have defaults. */
export interface RecipeOptions extends GuidanceOptions, Steering, PictureSize, PictureEditOptions, PipelineOptions {
  label: string;
  /** uint32; drawn at random when absent. */
  seed?: number;
  /**
   * Begins between the noise of `seed` (amount 0) and that of a second seed (1): a variation, the closer the smaller the
   * amount. What some samplers add in each step (DDPM, DDIM with eta) is drawn from `seed` alone.
   */
  interpolate?: Interpolation;
  /** 1 … 1000; default: the model's own. */
  numInferenceSteps?: number;
  /** Default: the model's own. */
  sampler?: SamplerName;
  /** DDIM only: 0 (deterministic) … 1. */
  eta?: number;
}

/**
 * All that fixes a picture of a given model: defaults filled in, options without effect left out. One of pipeline cvae keeps
 * guidance, sampler and steps, for when the pipeline changes.
 */
export interface Recipe extends GuidanceOptions, Readonly<Steering>, PictureEdit, PicturePipeline {
  readonly label: string;
  readonly seed: number;
  readonly interpolate?: Readonly<Interpolation>;
  readonly guidanceScale: number;
  readonly numInferenceSteps: number;
  readonly sampler: SamplerName;
  readonly eta?: number;
  /** Absent where it is the model's own. */
  readonly widthPx?: number;
  readonly heightPx?: number;
}

const MAX_STEPS = 1000;

/**
 * Fills in the defaults of a model and checks every value, so that a request fails before anything is queued.
 *
 * @param classifiers those that are loaded, by name
 * @throws RangeError naming the value, what was expected and, for a label, the nearest one
 */
export function completeRecipe(
  options: RecipeOptions,
  info: ModelInfo,
  classifiers: ReadonlyMap<string, ClassifierInfo> = NO_CLASSIFIERS,
): Recipe {
  const { sampleDefaults } = info;
  indexOfLabel(info.labels, options.label);
  const seed = options.seed ?? randomSeed();
  assertWhole('seed', seed, 0, MAX_SEED);
  const numInferenceSteps = options.numInferenceSteps ?? sampleDefaults.numInferenceSteps;
  assertWhole('numInferenceSteps', numInferenceSteps, 1, MAX_STEPS);
  const guidanceScale = options.guidanceScale ?? sampleDefaults.guidanceScale;
  const { guidanceInterval, guidanceRescale } = options;
  assertGuidance('generate', { guidanceScale, guidanceInterval, guidanceRescale });
  const sampler = options.sampler ?? (sampleDefaults.sampler as SamplerName);
  const { eta } = options;
  if (eta !== undefined && !(eta >= 0 && eta <= 1)) {
    throw new RangeError(`generate: eta is ${eta}; expected 0 (deterministic) to 1`);
  }
  const interpolate = completeInterpolation(options.interpolate, seed);
  const [widthPx, heightPx] = pictureSize(options, info);
  const pipeline = completePipeline(options);
  if (pipeline.pipeline && (widthPx !== info.widthPx || heightPx !== info.heightPx)) {
    throw new RangeError(`generate: the pipeline ${pipeline.pipeline} makes ${info.widthPx}×${info.heightPx} alone`);
  }
  return {
    label: options.label,
    seed,
    ...(interpolate && { interpolate }),
    guidanceScale,
    numInferenceSteps,
    sampler,
    ...(guidanceInterval && { guidanceInterval }),
    ...(guidanceRescale && { guidanceRescale }),
    ...(eta && sampler === 'ddim' && { eta }),
    ...completeSteering(options, classifiers),
    ...(widthPx !== info.widthPx && { widthPx }),
    ...(heightPx !== info.heightPx && { heightPx }),
    ...(pipeline.pipeline ? pipeline : completeEdit(withoutStrength(options), widthPx, heightPx)),
  };
}

const NO_CLASSIFIERS: ReadonlyMap<string, ClassifierInfo> = new Map();

/** Checked; undefined where it is without effect. */
function completeSteering(
  { classifier, classifierLabel, classifierScale = CLASSIFIER_SCALE_DEFAULT }: Steering,
  classifiers: ReadonlyMap<string, ClassifierInfo>,
): Steering | undefined {
  if (classifier === undefined) {
    if (classifierLabel === undefined) return undefined;
    throw new RangeError('generate: there is a classifierLabel but no classifier; name the classifier that it is of');
  }
  assertClassifierScale('generate', classifierScale);
  const info = classifiers.get(classifier);
  if (!info) throw new RangeError(`generate: classifier "${classifier}" is not loaded; call loadClassifierAsync first`);
  if (classifierLabel === undefined) {
    throw new RangeError(`generate: classifierLabel is missing; expected one of ${info.labels.join(', ')}`);
  }
  indexOfLabel(info.labels, classifierLabel);
  return classifierScale === 0 ? undefined : { classifier, classifierLabel, classifierScale };
}

/** A checked copy; undefined where it is without effect. */
function completeInterpolation(asked: Interpolation | undefined, ownSeed: number): Interpolation | undefined {
  if (!asked) return undefined;
  const { seed, amount } = asked;
  assertWhole('interpolate.seed', seed, 0, MAX_SEED);
  if (!(typeof amount === 'number' && amount >= 0 && amount <= 1)) {
    throw new RangeError(
      `generate: interpolate.amount is ${amount}; expected 0 (seed alone) to 1 (interpolate.seed alone)`,
    );
  }
  return amount === 0 || seed === ownSeed ? undefined : { seed, amount };
}

/**
 * The size of a recipe's picture.
 *
 * @throws RangeError for a size that the model does not make
 */
export function pictureSize(
  { widthPx, heightPx, sizePx }: PictureSize,
  info: ModelInfo,
): [widthPx: number, heightPx: number] {
  if (sizePx !== undefined && [widthPx, heightPx].some((other) => other !== undefined && other !== sizePx)) {
    throw new RangeError(`generate: sizePx is ${sizePx}, and the size ${widthPx}×${heightPx}; give one of them`);
  }
  return imageSize(info, { widthPx: widthPx ?? sizePx, heightPx: heightPx ?? sizePx });
}

/** Refuses what the model's own schedule cannot do, such as more steps than it was trained with. */
export function assertSampler({ sampler, numInferenceSteps, eta }: Recipe, scheduler: SchedulerConfig): void {
  createSampler(sampler, scheduler, { numInferenceSteps, eta: eta ?? 0 }).dispose();
}

/** Equal for equal pictures of one model. */
export function recipeKey(recipe: Recipe): string {
  const { seed, interpolate } = recipe;
  const start = interpolate ? `${seed}~${interpolate.seed}~${interpolate.amount}` : seed;
  return `${start}|${recipe.label}|${samplingKey(recipe)}${startKey(recipe)}`;
}

/** All but label, seed, interpolation, image and mask. */
function samplingKey(recipe: Recipe): string {
  const { pipeline, strength } = recipe;
  if (pipeline === 'cvae') return pipeline;
  const { guidanceScale, numInferenceSteps, sampler, eta, guidanceInterval, guidanceRescale } = recipe;
  const { widthPx, heightPx, classifier, classifierLabel, classifierScale } = recipe;
  const sampling = [sampler, numInferenceSteps, guidanceScale, eta, guidanceInterval, guidanceRescale];
  const edit = pipeline ? [pipeline, strength] : editKey(recipe);
  const steering = classifier === undefined ? undefined : { classifier, classifierLabel, classifierScale };
  if (steering) return JSON.stringify([...sampling, widthPx, heightPx, edit, steering]);
  if (edit) return JSON.stringify([...sampling, widthPx, heightPx, edit]);
  return JSON.stringify(widthPx || heightPx ? [...sampling, widthPx, heightPx] : sampling);
}

/**
 * Equal for recipes that may be painted in one batch: they differ in label, seed, interpolation, image and mask alone.
 * Large ones fill a batch.
 */
export function batchKey(recipe: Recipe): string {
  return recipe.widthPx || recipe.heightPx ? recipeKey(recipe) : samplingKey(recipe);
}

/** A recipe as JSON takes it, without the values that are the model's defaults anyway. */
export function shortRecipe(recipe: RecipeOptions, { sampleDefaults }: ModelInfo): RecipeOptions {
  const defaults: Record<string, unknown> = sampleDefaults;
  const kept = Object.entries(recipe).filter(([key, value]) => defaults[key] !== value);
  return { ...Object.fromEntries(kept), ...encodeEdit(recipe) } as unknown as RecipeOptions;
}

/** A uint32 from the platform's generator of random numbers. */
export function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

function assertWhole(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`generate: ${name} is ${value}; expected a whole number from ${min} to ${max}`);
}
