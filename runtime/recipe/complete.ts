import * as v from 'valibot';
import { type Attributes, attributeProblem, isOpen } from '../core/attributes.ts';
import { MATERIAL_CHANNELS } from '../core/channelNames.ts';
import { messageOf } from '../core/errors.ts';
import type { SamplerName } from '../core/samplingBounds.ts';
import { INTERVAL_EXPECTED, isInterval } from '../core/timestepInterval.ts';
import { createSchedule, refuseEpsilonAtZeroSnr } from '../diffusion/schedule.ts';
import type { SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { timesteps } from '../diffusion/timesteps.ts';
import { decodeBytes, type PictureBytes } from './bytes.ts';
import { CLASSIFIER_SCALE_DEFAULT, EDIT_DEFAULTS, SAME_FOR, usualStrength } from './defaults.ts';
import { askedSize, contradiction, imageSizeProblem } from './imageSize.ts';
import { labelProblem } from './label.ts';
import { problemOf, RecipeError, type RecipeProblem, shown } from './problems.ts';
import type { PipelineName } from './recipe.ts';
import { type KnownClassifiers, OF_STEPS, type Recipe, type RecipeModel, type RecipeOptions } from './recipe.ts';
import { differenceOf } from './sameness.ts';
import { RECIPE_SCHEMA } from './schema.ts';
import { sampleDefaultsFor } from './student.ts';

const NO_CLASSIFIERS: KnownClassifiers = new Map();

/**
 * Checks what is asked of a model and fills in every default. This is the only place that knows the rules of a recipe.
 *
 * @param classifiers those that the recipe may name
 * @returns           the frozen recipe, which the sampler takes as it is; its bytes are copies
 * @throws            RecipeError (a RangeError) that lists everything that is wrong: which entry, what it is, what was
 *                    expected, and the remedy
 */
export function completeRecipe(
  options: RecipeOptions,
  model: RecipeModel,
  classifiers: KnownClassifiers = NO_CLASSIFIERS,
  operation = 'generate',
): Recipe {
  const checked = checkRecipe(options, model, classifiers);
  if ('problems' in checked) throw new RecipeError(operation, checked.problems);
  return checked.recipe;
}

/** `completeRecipe` for callers who collect problems. */
export function checkRecipe(
  options: RecipeOptions,
  model: RecipeModel,
  classifiers: KnownClassifiers = NO_CLASSIFIERS,
): { recipe: Recipe } | { problems: RecipeProblem[] } {
  const parsed = v.safeParse(RECIPE_SCHEMA, options, { abortPipeEarly: true });
  if (!parsed.success) return { problems: unique(parsed.issues.map((issue) => problemOf(issue, model.labels))) };
  const problems: RecipeProblem[] = [];
  const wrong: Wrong = (entry, message) => void problems.push({ entry, message });
  const asked = parsed.output as RecipeOptions;
  const label = labelProblem(model.labels, asked.label);
  if (label) wrong('label', label);
  const [widthPx, heightPx] = completeSize(asked, model, wrong);
  if (asked.sameAs === undefined && asked.sameFor !== undefined) {
    wrong('sameFor', 'there is a sameFor but no sameAs; say which attributes the other picture has instead');
  }
  const attributes = completeAttributes('attributes', asked.attributes, model, wrong);
  const parts = {
    ...completeBlend(asked, model, wrong),
    ...completeSameness(asked, attributes, model, wrong),
    ...completeSampling(asked, model, wrong),
    ...completeSteering(asked, classifiers, wrong),
    ...completeBeginning(asked, model, [widthPx, heightPx], wrong),
  };
  if (problems.length > 0) return { problems };
  const seed = asked.seed ?? randomSeed();
  const recipe: Recipe = {
    label: asked.label,
    ...(attributes && { attributes }),
    seed,
    ...completeInterpolation(asked.interpolate, seed),
    ...(asked.pipeline && asked.pipeline !== 'ddpm' && { pipeline: asked.pipeline }),
    ...parts,
    ...(widthPx !== model.widthPx && { widthPx }),
    ...(heightPx !== model.heightPx && { heightPx }),
  };
  return { recipe: Object.freeze(recipe) };
}

type Wrong = (entry: keyof RecipeOptions, message: string) => void;

/** The same recipe for another label and seed; both must be valid. */
export function withLabelAndSeed(recipe: Recipe, label: string, seed: number): Recipe {
  const { interpolate, ...rest } = recipe;
  return Object.freeze({ ...rest, label, seed, ...completeInterpolation(interpolate, seed) });
}

/** A uint32 from the platform's generator of random numbers. */
export function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

/** A copy; nothing where it would be without effect. */
function completeInterpolation(
  interpolate: RecipeOptions['interpolate'],
  ownSeed: number,
): Pick<Recipe, 'interpolate'> {
  if (!interpolate || interpolate.amount === 0 || interpolate.seed === ownSeed) return {};
  return { interpolate: Object.freeze({ ...interpolate }) };
}

/**
 * Tells whether a model can mix two labels. It can where its conditioning has a vector a label, as models with attributes
 * and students do; the U-Net of others takes the number of the label.
 */
export function mixesLabels({ attributes, student }: Pick<RecipeModel, 'attributes' | 'student'>): boolean {
  return attributes !== undefined || student !== undefined;
}

/** A copy of what the label is blended with; nothing where it would be without effect. */
function completeBlend({ blend }: RecipeOptions, model: RecipeModel, wrong: Wrong): Pick<Recipe, 'blend'> {
  if (!blend) return {};
  const problem = labelProblem(model.labels, blend.label);
  if (problem) wrong('blend', problem);
  if (!mixesLabels(model)) {
    wrong(
      'blend',
      `${model.name} tells its labels apart by number, and between numbers there is nothing; leave out blend`,
    );
  }
  if (blend.amount === 0) return {};
  return { blend: Object.freeze({ ...blend }) };
}

/** A copy in the model's order; undefined where nothing is asked for. */
function completeAttributes(
  entry: 'attributes' | 'sameAs',
  asked: Attributes = {},
  { attributes: vocabulary = {} }: RecipeModel,
  wrong: Wrong,
): Attributes | undefined {
  for (const [name, value] of Object.entries(asked)) {
    const problem = attributeProblem(vocabulary, name, value);
    if (problem) wrong(entry, problem);
  }
  const inOrder = Object.keys(vocabulary).filter(
    (name) => Object.hasOwn(asked, name) && !isOpen(vocabulary[name]!, asked[name]),
  );
  if (inOrder.length === 0) return undefined;
  return Object.freeze(Object.fromEntries(inOrder.map((name) => [name, asked[name]!])));
}

/** What a picture is to be the same as; nothing where that is what it is anyway. */
function completeSameness(
  { sameAs = {}, sameFor = SAME_FOR, ...asked }: RecipeOptions,
  attributes: Attributes = {},
  model: RecipeModel,
  wrong: Wrong,
): Partial<Recipe> {
  const { attributes: known = {} } = model;
  completeAttributes('sameAs', sameAs, model, wrong);
  const difference = differenceOf({ attributes, sameAs });
  const others = Object.keys(known).filter((name) => Object.hasOwn(difference, name));
  if (asked.pipeline === 'cvae' || others.length === 0 || sameFor === 0) return {};
  return { sameAs: Object.freeze(Object.fromEntries(others.map((name) => [name, sameAs[name]!]))), sameFor };
}

function completeSize(asked: RecipeOptions, model: RecipeModel, wrong: Wrong): [widthPx: number, heightPx: number] {
  const { pipeline = 'ddpm' } = asked;
  const [widthPx, heightPx] = askedSize(model, asked);
  const entry = (['widthPx', 'heightPx'] as const).find((name) => asked[name] !== undefined) ?? 'sizePx';
  const isOwn = widthPx === model.widthPx && heightPx === model.heightPx;
  const problem = contradiction(asked) ?? imageSizeProblem(model, widthPx, heightPx);
  if (problem) wrong(entry, problem);
  else if (pipeline !== 'ddpm' && !isOwn) {
    wrong(entry, `the pipeline ${pipeline} makes ${model.widthPx}×${model.heightPx} alone; leave out ${entry}`);
  }
  return [widthPx, heightPx];
}

function completeSampling(asked: RecipeOptions, model: RecipeModel, wrong: Wrong): Partial<Recipe> {
  const { pipeline = 'ddpm', guidanceInterval, guidanceRescale, eta } = asked;
  if (!model.pipelines.includes(pipeline)) {
    wrong('pipeline', missingPipeline(pipeline, model.name));
  }
  if (pipeline === 'cvae') {
    for (const entry of OF_STEPS.filter((name) => asked[name] !== undefined)) {
      wrong(entry, `the pipeline cvae makes a picture in one pass, without guidance or steps; leave out ${entry}`);
    }
    return {};
  }
  const { scheduler } = model;
  const sampleDefaults = sampleDefaultsFor(asked, model);
  const numInferenceSteps = asked.numInferenceSteps ?? sampleDefaults.numInferenceSteps;
  const sampler = asked.sampler ?? sampleDefaults.sampler;
  if (guidanceInterval && !isInterval(guidanceInterval)) {
    wrong('guidanceInterval', `guidanceInterval is ${shown(guidanceInterval)}; ${INTERVAL_EXPECTED}`);
  }
  if (model.nullLabel === null && (asked.guidanceScale ?? 1) !== 1) {
    wrong('guidanceScale', `${model.name} has no null label, which guidance needs; leave out guidanceScale, or give 1`);
  }
  if (eta && sampler !== 'ddim') wrong('eta', `eta is for the sampler ddim, not ${sampler}; choose the sampler ddim`);
  try {
    if (scheduler) checkSteps(scheduler, numInferenceSteps, sampler);
  } catch (error) {
    wrong('numInferenceSteps', messageOf(error).replace(/^\w+: /, ''));
  }
  return {
    guidanceScale: asked.guidanceScale ?? sampleDefaults.guidanceScale,
    numInferenceSteps,
    sampler,
    ...(guidanceInterval && { guidanceInterval: Object.freeze(guidanceInterval) }),
    ...(guidanceRescale && { guidanceRescale }),
    ...(eta && { eta }),
  };
}

/** @throws Error when a schedule has no such steps, or the sampler can't begin from the first of them */
function checkSteps(scheduler: SchedulerConfig, numInferenceSteps: number, sampler: SamplerName): void {
  const steps = timesteps(scheduler, numInferenceSteps, sampler);
  if (!scheduler.rescaleBetasZeroSnr) return;
  const schedule = createSchedule(scheduler);
  if (sampler === 'ddim' || sampler === 'ddpm') refuseEpsilonAtZeroSnr(sampler, schedule, steps);
}

function missingPipeline(pipeline: PipelineName, model: string): string {
  return pipeline === 'ddpm'
    ? `the diffusion model of ${model} is not loaded; load it, or use the pipeline "cvae"`
    : `${model} makes no pictures in one step; train one for it by figment train cvae --add-to, or use the pipeline "ddpm"`;
}

function completeSteering(asked: RecipeOptions, classifiers: KnownClassifiers, wrong: Wrong): Partial<Recipe> {
  const { classifier, classifierLabel, classifierScale = CLASSIFIER_SCALE_DEFAULT } = asked;
  if (classifier === undefined) {
    for (const entry of ['classifierLabel', 'classifierScale'] as const) {
      if (asked[entry] === undefined) continue;
      wrong(entry, `there is a ${entry} but no classifier; name the classifier that it is of`);
    }
    return {};
  }
  const known = classifiers.get(classifier);
  if (!known) {
    wrong('classifier', `classifier "${classifier}" is not loaded; call loadClassifierAsync first`);
    return {};
  }
  if (classifierLabel === undefined) {
    wrong('classifierLabel', `classifierLabel is missing; expected one of ${known.labels.join(', ')}`);
    return {};
  }
  const problem = labelProblem(known.labels, classifierLabel);
  if (problem) wrong('classifierLabel', problem);
  return classifierScale === 0 ? {} : { classifier, classifierLabel, classifierScale };
}

/** Why a picture cannot begin from an image, whatever its size; undefined where it can. */
function whyNoImage({ name, channels }: RecipeModel, pipeline: PipelineName): string | undefined {
  if (pipeline !== 'ddpm')
    return `the pipeline ${pipeline} begins with a picture of its own; leave out image, or pipeline`;
  if (channels !== MATERIAL_CHANNELS) return undefined;
  return `${name} makes materials, and a picture alone has no maps to begin from; leave out image`;
}

/** What a picture begins from, where that is not noise alone: an image, or the picture of the conditional VAE. */
function completeBeginning(
  asked: RecipeOptions,
  model: RecipeModel,
  [widthPx, heightPx]: readonly [number, number],
  wrong: Wrong,
): Partial<Recipe> {
  const { pipeline = 'ddpm', strength = usualStrength(asked) } = asked;
  const refused = asked.image !== undefined && whyNoImage(model, pipeline);
  if (refused) {
    wrong('image', refused);
    return {};
  }
  const image = bytesOf('image', asked.image, 4 * widthPx * heightPx, `RGBA of ${widthPx}×${heightPx} pixels`, wrong);
  const mask = bytesOf('mask', asked.mask, widthPx * heightPx, `one for each of ${widthPx}×${heightPx} pixels`, wrong);
  if (asked.image === undefined) refuseWithoutImage(asked, wrong);
  else if (asked.mask === undefined && asked.resamples !== undefined) {
    wrong('resamples', 'there are resamples but no mask; give the mask of what is to be made new');
  }
  if (pipeline === 'cvae+ddpm') return { strength };
  if (!image) return {};
  if (mask) {
    const { masked } = EDIT_DEFAULTS;
    const { resamples = masked.resamples, keepAlpha = masked.keepAlpha } = asked;
    return { image, mask, strength, resamples, keepAlpha };
  }
  return { image, strength, keepAlpha: asked.keepAlpha ?? EDIT_DEFAULTS.varied.keepAlpha };
}

/** Refuses the entries that say how an image is edited when there is no image to edit. */
function refuseWithoutImage(asked: RecipeOptions, wrong: Wrong): void {
  const { pipeline = 'ddpm' } = asked;
  for (const entry of ['mask', 'strength', 'resamples', 'keepAlpha'] as const) {
    if (asked[entry] === undefined || (entry === 'strength' && pipeline === 'cvae+ddpm')) continue;
    const remedy = entry === 'strength' ? 'give an image, or choose the pipeline cvae+ddpm' : 'give an image';
    wrong(entry, `there is a ${entry} but no image to begin from; ${remedy}, or leave out ${entry}`);
  }
}

function bytesOf(
  name: 'image' | 'mask',
  given: PictureBytes | undefined,
  expected: number,
  of: string,
  wrong: Wrong,
): Uint8Array | undefined {
  if (given === undefined) return undefined;
  const most = 8 * Math.ceil(expected / 3); // twice the base64 of so many bytes, which may be broken into lines
  if (typeof given === 'string' && given.length > most) {
    wrong(
      name,
      `the ${name} is ${given.length} characters; expected base64 of ${expected} bytes, ${of}; scale it to that size`,
    );
    return undefined;
  }
  const bytes = decodeBytes(given);
  if (!bytes) wrong(name, `the ${name} is no base64; give its bytes, or what a saved recipe has`);
  else if (bytes.length !== expected) {
    wrong(name, `the ${name} is ${bytes.length} bytes; expected ${expected}, ${of}; scale it to that size`);
  }
  return bytes ?? undefined;
}

/** Keeps the first problem of each entry: the schema may find several for one value. */
function unique(problems: readonly RecipeProblem[]): RecipeProblem[] {
  return problems.filter(({ entry }, i) => problems.findIndex((other) => other.entry === entry) === i);
}
