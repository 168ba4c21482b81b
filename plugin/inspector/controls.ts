import type { ModelInfo, RecipeOptions } from '../index.ts';

/** A choice among words. */
export interface WordControl {
  kind: 'word';
  name: string;
  value: string;
  words: readonly string[];
  change(value: string): Partial<RecipeOptions>;
}

/** A number of a range. */
export interface NumberControl {
  kind: 'number';
  name: string;
  value: number;
  min: number;
  max: number;
  step: number;
  change(value: number): Partial<RecipeOptions>;
}

/** A number of a range that may be left open; then it is null. */
export interface OpenNumberControl extends Omit<NumberControl, 'kind' | 'value' | 'change'> {
  kind: 'open number';
  value: number | null;
  change(value: number | null): Partial<RecipeOptions>;
}

/** One entry of a recipe that a person can change: its value, what it can be, and the change that another value makes. */
export type Control = WordControl | NumberControl | OpenNumberControl;

/** Stands for an attribute that can be anything. */
const ANY = 'any';
const USUAL_MAX_GUIDANCE = 10;
const USUAL_MAX_STEPS = 100;

/** The controls of a recipe for its model: label, attributes, seed and, where the picture is made in steps, guidance and steps. */
export function controlsOf(recipe: Readonly<RecipeOptions>, info: ModelInfo): Control[] {
  const attributes = Object.keys(info.attributes ?? {}).map((name) => attributeControl(recipe, info, name));
  return [labelControl(recipe, info), ...attributes, seedControl(recipe), ...stepControls(recipe, info)];
}

function labelControl({ label }: Readonly<RecipeOptions>, { labels }: ModelInfo): Control {
  return { kind: 'word', name: 'label', value: label, words: labels, change: (value) => ({ label: value }) };
}

function seedControl({ seed = 0 }: Readonly<RecipeOptions>): Control {
  const change = (value: number) => ({ seed: value });
  return { kind: 'number', name: 'seed', value: seed, min: 0, max: 2 ** 32 - 1, step: 1, change };
}

function attributeControl({ attributes = {} }: Readonly<RecipeOptions>, info: ModelInfo, name: string): Control {
  const values = info.attributes![name]!;
  const value = Object.hasOwn(attributes, name) ? attributes[name]! : null;
  const change = (chosen: string | number | null): Partial<RecipeOptions> => {
    const { [name]: _, ...others } = attributes;
    const exact = typeof chosen === 'number' ? rounded(chosen) : chosen;
    const changed = exact === null || exact === ANY ? others : { ...others, [name]: exact };
    return { attributes: Object.keys(changed).length > 0 ? changed : undefined };
  };
  if ('min' in values) {
    const { min, max } = values;
    return { kind: 'open number', name, value: value as number | null, min, max, step: (max - min) / 100, change };
  }
  const words = [ANY, ...values.filter((word) => word !== ANY)];
  return { kind: 'word', name, value: String(value ?? ANY), words, change };
}

function stepControls(recipe: Readonly<RecipeOptions>, { sampleDefaults }: ModelInfo): Control[] {
  if (recipe.pipeline === 'cvae') return []; // one pass: nothing is guided
  const guidance = recipe.guidanceScale ?? sampleDefaults.guidanceScale ?? 1;
  const steps = recipe.numInferenceSteps ?? sampleDefaults.numInferenceSteps ?? 1;
  return [
    {
      kind: 'number',
      name: 'guidance',
      value: guidance,
      min: 0,
      max: Math.max(guidance, USUAL_MAX_GUIDANCE),
      step: 0.1,
      change: (value) => ({ guidanceScale: rounded(value) }),
    },
    {
      kind: 'number',
      name: 'steps',
      value: steps,
      min: 1,
      max: Math.max(steps, USUAL_MAX_STEPS),
      step: 1,
      change: (numInferenceSteps) => ({ numInferenceSteps }),
    },
  ];
}

/** Sliders give multiples of their step, such as 0.1 · 3 = 0.30000000000000004. */
function rounded(value: number): number {
  return Number(value.toFixed(6));
}
