import { ANY_WORD, type Attributes } from '../core/attributes.ts';
import { definedOf } from '../core/definedOf.ts';
import { encodeEdit } from './bytes.ts';
import { EDIT_DEFAULTS } from './defaults.ts';
import { OF_STEPS, type Recipe, type RecipeChanges, type RecipeModel, type RecipeOptions } from './recipe.ts';
import { RECIPE_KEYS } from './schema.ts';
import { entryForTeacher, sampleDefaultsFor } from './student.ts';

const OF_EDITS = ['image', 'mask', 'strength', 'resamples', 'keepAlpha'] as const;

/**
 * A recipe with changes: the changes hold as they are, and what they leave without effect in the recipe goes. So one recipe
 * can stand as the default of many, and a control that changes one entry need not know of the others.
 *
 *   changeRecipe({ label: 'elf', sampler: 'ddim', eta: 0.5 }, { sampler: 'euler' }) // { label: 'elf', sampler: 'euler' }
 *
 * - A new image takes the place of the pipeline cvae+ddpm, and a new pipeline the place of the image.
 * - The pipeline cvae leaves out steps, sampler and guidance; a sampler other than ddim leaves out eta.
 * - Without an image its mask and strength go, without a classifier its label and scale, without a mask its resamples.
 * - A sizePx takes the place of width and height; a width or a height that of one side of sizePx, whose other side stays.
 *
 * @param changes an entry that is there and undefined goes back to its default
 */
export function changeRecipe<Options extends Partial<RecipeOptions> = RecipeOptions>(
  recipe: Readonly<Partial<NoInfer<Options>>> | Recipe | null,
  changes: Partial<NoInfer<Options>>,
): Options {
  const kept: Partial<RecipeOptions> = { ...recipe };
  const leaveOut = (...names: readonly (keyof RecipeOptions)[]) => {
    for (const name of names) delete kept[name];
  };
  const isNew = (name: keyof RecipeOptions) => Object.hasOwn(changes, name);
  if (changes.image !== undefined && kept.image === undefined) leaveOut('pipeline', 'strength');
  if (isNew('pipeline') && changes.pipeline !== kept.pipeline) {
    leaveOut(...(changes.pipeline === undefined || changes.pipeline === 'ddpm' ? [] : OF_EDITS));
    if (kept.image === undefined) leaveOut('strength');
  }
  if (isNew('pipeline') && changes.pipeline === 'cvae') {
    leaveOut(...OF_STEPS, 'classifierLabel', 'classifierScale');
  }
  if (isNew('sampler') && changes.sampler !== 'ddim') leaveOut('eta');
  if (changes.eta && kept.sampler !== undefined) kept.sampler = 'ddim'; // the only sampler that has eta
  if (isNew('classifier') && changes.classifier === undefined) leaveOut('classifierLabel', 'classifierScale');
  const isWithout = (name: 'image' | 'mask') => isNew(name) && changes[name] === undefined;
  if (isWithout('image')) leaveOut('mask', 'resamples', 'keepAlpha');
  if (isWithout('image') && kept.pipeline !== 'cvae+ddpm') leaveOut('strength');
  if (isWithout('mask')) leaveOut('resamples');
  if (isWithout('mask') && kept.mask !== undefined) leaveOut('strength', 'keepAlpha');
  if (isNew('sameAs') && changes.sameAs === undefined) leaveOut('sameFor');
  const { sizePx } = kept;
  if (sizePx !== undefined && (isNew('widthPx') || isNew('heightPx'))) {
    leaveOut('sizePx');
    Object.assign(kept, { widthPx: sizePx, heightPx: sizePx });
  }
  if (isNew('sizePx')) leaveOut('widthPx', 'heightPx');
  return { ...kept, ...changes } as unknown as Options;
}

/** The entries of a recipe among other options. */
export function recipeEntries(options: Partial<RecipeOptions>): RecipeOptions {
  const entries = Object.entries(options).filter(([name, value]) => RECIPE_KEYS.includes(name) && value !== undefined);
  return Object.fromEntries(entries) as unknown as RecipeOptions;
}

/**
 * A recipe as JSON can hold it, without the values that are the model's defaults anyway.
 *
 * @param model null while it is not loaded; then nothing is left out
 */
export function shortRecipe(
  recipe: Recipe | RecipeOptions,
  model: Pick<RecipeModel, 'sampleDefaults' | 'student'> | null,
): RecipeOptions {
  const short = model ? withoutSampleDefaults(recipe, model) : recipe;
  return { ...short, ...encodeEdit(recipe) } as unknown as RecipeOptions;
}

/**
 * A recipe without the values that are the defaults anyway, so that changes of it may have other defaults: a classifier's picture
 * of a distilled model is made in the steps of the teacher, and an image that gets a mask is edited as one with a mask.
 */
export function withoutDefaults(
  recipe: Recipe | RecipeOptions,
  model: Pick<RecipeModel, 'sampleDefaults' | 'student'>,
): RecipeOptions {
  const short = withoutSampleDefaults(recipe, model);
  if (recipe.image === undefined) return short;
  const defaults: Record<string, unknown> = EDIT_DEFAULTS[recipe.mask === undefined ? 'varied' : 'masked'];
  const kept = Object.entries(short).filter(([key, value]) => defaults[key] !== value);
  return Object.fromEntries(kept) as unknown as RecipeOptions;
}

/** A recipe without what the model samples by anyway. */
function withoutSampleDefaults(
  recipe: Recipe | RecipeOptions,
  model: Pick<RecipeModel, 'sampleDefaults' | 'student'>,
): RecipeOptions {
  const defaults: Record<string, unknown> = { ...sampleDefaultsFor(recipe, model) };
  const kept = Object.entries(recipe).filter(([key, value]) => defaults[key] !== value);
  const short = Object.fromEntries(kept) as unknown as RecipeOptions;
  // What makes a recipe one for the teacher, or one for the student, must stay, or the other would make it.
  const [entry, entryOfShort] = [entryForTeacher(recipe, model), entryForTeacher(short, model)];
  if ((entry === null) === (entryOfShort === null)) return short;
  const decisive = entry ?? 'numInferenceSteps';
  return { ...short, [decisive]: recipe[decisive] };
}

/**
 * The same person, or thing, with some attributes changed: another expression, older clothes. However often it is varied, it
 * stays the same as the recipe that was there first.
 *
 *   varyRecipe({ label: 'elf', seed: 7 }, { expression: 'happy' })
 *   // { label: 'elf', seed: 7, attributes: { expression: 'happy' }, sameAs: { expression: 'any' } }
 */
export function varyRecipe<Options extends Partial<RecipeOptions> = RecipeOptions>(
  recipe: Readonly<Options> | Recipe,
  changes: Attributes,
): Options {
  return { ...recipe, ...variedEntries(recipe as Partial<RecipeOptions>, changes) } as Options;
}

/** The entries of a recipe that `varyRecipe` changes, as they are afterwards: changes of it, for `changeRecipe`. */
function variedEntries(
  { attributes = {}, sameAs = {}, pipeline }: Pick<RecipeOptions, 'attributes' | 'sameAs' | 'pipeline'>,
  changes: Attributes,
): Pick<RecipeOptions, 'attributes' | 'sameAs'> {
  const varied = { attributes: { ...attributes, ...changes } };
  // One pass has no first steps: there the same seed alone makes the same person.
  if (pipeline === 'cvae') return varied;
  // One that is undefined is as good as left out.
  const before: Attributes = { ...definedOf(attributes), ...definedOf(sameAs) };
  const origins = Object.keys(changes).map((name) => [name, Object.hasOwn(before, name) ? before[name] : ANY_WORD]);
  return { ...varied, sameAs: { ...sameAs, ...Object.fromEntries(origins) } };
}

/**
 * Changes of a recipe for `changeRecipe`: attributes vary it as `varyRecipe` does, and other entries hold as they are.
 *
 * @param recipe that of which something is changed
 */
export function variedBy(
  recipe: Readonly<Partial<RecipeOptions>>,
  { attributes = {}, ...changes }: RecipeChanges,
): RecipeChanges {
  return { ...variedEntries({ ...recipe, ...changes }, attributes), ...changes };
}
