import type { ModelInfo, Recipe, RecipeOptions, Steering } from '../../plugin/index.ts';
import {
  ANY_WORD,
  type Attributes,
  attributeProblem,
  attributesOfRecipe,
  entryForTeacher,
  isRange,
  MAX_SEED,
  mixesLabels,
} from '../../runtime/index.ts';
import { ownValue } from '../shared/ownValue.ts';

/** What the controls hold: all that fixes a picture of the model, and the end of the walk that begins at it. */
export interface Settings {
  label: string;
  blendLabel: string; // the other label that is mixed into the picture
  blendAmount: number; // the share of that label, 0 … 1
  attributes: Attributes; // what is absent is "any"
  sameAs: Attributes; // what attributes the same person, or thing, had at first; "any" is a value here
  seed: number; // uint32
  guidanceScale: number; // 0 … 10
  intervalMin: number; // training timestep, 0 … T − 1; guided from here
  intervalMax: number; // up to here, both included; not below intervalMin
  guidanceRescale: number; // 0 … 1
  ornate: number; // −40 … 40; below 0 the classifier steers to plain portraits, above 0 to ornate ones
  sampler: NonNullable<Recipe['sampler']>;
  numInferenceSteps: number; // 1 … 100
  eta: number; // 0 … 1; DDIM alone heeds it
  walkLabel: string; // of the picture at the walk's other end
  walkSeed: number; // uint32
  compared: string; // the attribute whose values are shown side by side; '' where the model has none
}

/** Beside the page: it tells ornate portraits from plain ones, words that the model has never heard. */
const ORNATE_CLASSIFIER = 'classifiers/portraits-ornate/';

/** Whether that classifier can steer this model: it has seen the latents of portraits alone. */
export function canBeOrnate({ kind }: Pick<ModelInfo, 'kind'>): boolean {
  return kind === 'portraits';
}

export type NumberName = { [Name in keyof Settings]: Settings[Name] extends number ? Name : never }[keyof Settings];

/** What a number may be: from `min` to `max`, in steps of `step`. */
export interface Range {
  min: number;
  max: number;
  step: number;
}

/** What each number may be with this model. */
export function rangesOf({ scheduler }: ModelInfo): Record<NumberName, Range> {
  const timestep = { min: 0, max: scheduler.numTrainTimesteps - 1, step: 1 };
  const seed = { min: 0, max: MAX_SEED, step: 1 };
  const share = { min: 0, max: 1, step: 0.05 };
  return {
    seed,
    walkSeed: seed,
    blendAmount: share,
    guidanceScale: { min: 0, max: 10, step: 0.1 },
    intervalMin: timestep,
    intervalMax: timestep,
    guidanceRescale: share,
    ornate: { min: -40, max: 40, step: 1 },
    numInferenceSteps: { min: 1, max: Math.min(100, scheduler.numTrainTimesteps), step: 1 },
    eta: share,
  };
}

const FIRST_SEED = 7;

/** What the model itself recommends. */
export function defaultSettings(info: ModelInfo): Settings {
  const { sampler, numInferenceSteps, guidanceScale } = info.sampleDefaults;
  const own = { sampler: sampler as Settings['sampler'], numInferenceSteps, guidanceScale };
  const walk = { walkLabel: info.labels[1] ?? info.labels[0]!, walkSeed: FIRST_SEED + 1 };
  const [intervalMin, intervalMax] = usualInterval(info);
  return withinRanges(
    {
      label: info.labels[0]!,
      blendLabel: info.labels[1] ?? info.labels[0]!,
      blendAmount: 0,
      attributes: {},
      sameAs: {},
      seed: FIRST_SEED,
      ...own,
      intervalMin,
      intervalMax,
      guidanceRescale: 0,
      ornate: 0,
      eta: 0,
      ...walk,
      compared: comparedAtFirst(info),
    },
    info,
  );
}

/** How worn a material is, the mood of a face, or else whatever the model knows first. */
function comparedAtFirst({ attributes = {} }: ModelInfo): string {
  const names = Object.keys(attributes);
  const number = names.find((name) => isRange(attributes[name]!));
  return number ?? names.find((name) => name === 'expression') ?? names[0] ?? '';
}

/** What the lab opens on: somebody of whom much is asked, so that guidance shows. */
const OPENING = {
  label: 'elf',
  attributes: { hair_style: 'long', hair_colour: 'ginger', expression: 'happy', eyewear: 'glasses' },
  walkLabel: 'vampire',
};

/** The example that the lab opens on, as far as this model knows what is in it. */
export function openingSettings(info: ModelInfo): Settings {
  const settings = defaultSettings(info);
  const { attributes: vocabulary = {}, labels } = info;
  const known = Object.entries(OPENING.attributes).filter(([name, value]) => {
    return !attributeProblem(vocabulary, name, value);
  });
  const orElse = (wanted: string, otherwise: string) => (labels.includes(wanted) ? wanted : otherwise);
  const label = orElse(OPENING.label, settings.label);
  const walkLabel = orElse(OPENING.walkLabel, settings.walkLabel);
  return { ...settings, label, attributes: Object.fromEntries(known), walkLabel };
}

/** Rounds and limits each number, and lets the interval's end give way to its start. */
export function withinRanges(settings: Settings, info: ModelInfo): Settings {
  const result = { ...settings };
  for (const [name, { min, max, step }] of Object.entries(rangesOf(info)) as [NumberName, Range][]) {
    const value = step === 1 ? Math.round(settings[name]) : settings[name];
    result[name] = Math.min(max, Math.max(min, value));
  }
  result.intervalMax = Math.max(result.intervalMin, result.intervalMax);
  return result;
}

/** A recipe that tells how its picture is sampled. */
export type LabRecipe = RecipeOptions & Pick<Settings, 'sampler' | 'numInferenceSteps'>;

/**
 * The settings as a recipe; what has no effect is left out. Where the few steps of a distilled model's student are set, but
 * the rest is for its teacher, the teacher takes its own, by DDIM where eta asks for that.
 */
export function labRecipe(settings: Settings, info: ModelInfo): LabRecipe {
  const recipe = wholeRecipe(settings, info);
  const { sampler, numInferenceSteps, eta } = recipe;
  const isInStepsOfStudent = makerOf({ sampler, numInferenceSteps }, info) === 'student';
  if (!isInStepsOfStudent || makerOf(recipe, info) === 'student') return recipe;
  const { teacher } = info.student!;
  const ownSampler = eta ? sampler : (teacher.sampler as Settings['sampler']);
  return { ...recipe, sampler: ownSampler, numInferenceSteps: teacher.numInferenceSteps };
}

/** Who makes the picture of a recipe; null where the model has no student. */
export function makerOf(recipe: Partial<RecipeOptions>, info: ModelInfo): 'student' | 'teacher' | null {
  if (!info.student) return null;
  return entryForTeacher(recipe, info) === null ? 'student' : 'teacher';
}

/** How a picture is sampled, and by whom: "20 steps of dpm++ by the teacher". */
export function describeSteps(recipe: LabRecipe, info: ModelInfo): string {
  const { sampler, numInferenceSteps } = recipe;
  const maker = makerOf(recipe, info);
  const count = `${numInferenceSteps} ${numInferenceSteps === 1 ? 'step' : 'steps'}`;
  return `${count} of ${sampler}${maker ? ` by the ${maker}` : ''}`;
}

function wholeRecipe(settings: Settings, info: ModelInfo): LabRecipe {
  const { label, blendLabel, blendAmount, seed, guidanceScale, intervalMin, intervalMax, guidanceRescale } = settings;
  const attributes = settings.ornate === 0 ? settings.attributes : personOf(settings, info);
  const sameAs = changedOf(settings);
  const { sampler, numInferenceSteps, eta } = settings;
  return {
    label,
    ...(isBlended(settings, info) && { blend: { label: blendLabel, amount: blendAmount } }),
    ...(Object.keys(attributes).length > 0 && { attributes }),
    ...(Object.keys(sameAs).length > 0 && { sameAs }),
    seed,
    guidanceScale,
    ...(isIntervalSet(settings, info) && { guidanceInterval: [intervalMin, intervalMax] as const }),
    ...(guidanceRescale > 0 && { guidanceRescale }),
    ...steeringOf(settings),
    sampler,
    numInferenceSteps,
    ...(sampler === 'ddim' && eta > 0 && { eta }),
  };
}

/** The attributes that stay open while a classifier steers the picture, so that it can dress the person more richly or more plainly. */
const WORN = ['clothes', 'eyewear', 'extras'];

/**
 * The attributes of the person whom the settings show without a classifier, without what is worn unless it is set: a recipe that
 * asks for them keeps that person while a classifier steers.
 */
function personOf(settings: Settings, info: ModelInfo): Attributes {
  const { label, seed, attributes } = settings;
  const shown = Object.entries(attributesOfRecipe(info, { label, seed, attributes, sameAs: changedOf(settings) }));
  return { ...Object.fromEntries(shown.filter(([name]) => !WORN.includes(name))), ...attributes };
}

function steeringOf({ ornate }: Settings): Steering {
  if (ornate === 0) return {};
  return {
    classifier: ORNATE_CLASSIFIER,
    classifierLabel: ornate > 0 ? 'ornate' : 'plain',
    classifierScale: Math.abs(ornate),
  };
}

/** The attributes of `sameAs` for which another value is asked now. */
export function changedOf({ attributes, sameAs }: Settings): Attributes {
  const changed = Object.entries(sameAs).filter(([name, value]) => value !== (ownValue(attributes, name) ?? ANY_WORD));
  return Object.fromEntries(changed);
}

/** Tells whether the recipe mixes another label into its own: a share is set, and the model can mix labels. */
export function isBlended({ blendAmount }: Settings, info: ModelInfo): boolean {
  return blendAmount > 0 && mixesLabels(info);
}

/** Whether the model is guided at other timesteps than usual. */
export function isIntervalSet({ intervalMin, intervalMax }: Settings, info: ModelInfo): boolean {
  const [usualMin, usualMax] = usualInterval(info);
  return intervalMin !== usualMin || intervalMax !== usualMax;
}

/** Where a model is guided unless a recipe says otherwise; a student has learned it from its teacher. */
function usualInterval({ sampleDefaults, student, scheduler }: ModelInfo): readonly [tMin: number, tMax: number] {
  return (student?.teacher ?? sampleDefaults).guidanceInterval ?? [0, scheduler.numTrainTimesteps - 1];
}

/** Whether a step at this timestep is guided: at 0 it takes one pass without the label, and at 1 one with it. */
export function isGuidedAt(t: number, { intervalMin, intervalMax, guidanceScale }: Settings): boolean {
  return guidanceScale !== 0 && guidanceScale !== 1 && t >= intervalMin && t <= intervalMax;
}
