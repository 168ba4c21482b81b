import { add, concat, mul, type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { linear } from '../kernels/conv2d.ts';
import type { ConditioningConfig, StudentConfig } from './conditioningConfig.ts';
import { activateEmbedding, dense, linearShapes, type Shapes, type Weights, weight } from './layers.ts';

/** What pictures are to be: for each a label and a value of every attribute, in the order of the config. */
export interface Conditions {
  /** int (B), 0 … num_labels − 1; num_labels means "any". */
  classLabels: ArrayLike<number>;
  /** The class that is mixed into each picture's own, (B); null where there is none. Absent: no picture is mixed. */
  blends?: readonly (ClassBlend | null)[];
  /** (B, attributes): the place of a word in its list, or a number 0 … 1; below 0 means "any". */
  attributes: ArrayLike<number>;
  /** How the pictures of a student are sampled; for other networks it is left out. */
  sampling?: SamplingConditions;
}

/** Another class, 0 … num_labels − 1, and its share, 0 … 1. */
export interface ClassBlend {
  classLabel: number;
  amount: number;
}

/** What a student is told of how each picture is sampled. */
export interface SamplingConditions {
  /** w of each picture, (B), within the config's range. */
  guidanceScales: ArrayLike<number>;
  /** In how many evaluations each picture is made, (B), of the config's list; 0: nothing is told, as for small steps. */
  stepCounts: ArrayLike<number>;
}

const LABEL = 'label_embedding.weight';
const tableOf = (name: string) => `attributes.${name}.embedding.weight`;
const mlpOf = (name: string) => `attributes.${name}`;

/** Begins the names of the weights that only a student has. */
const STUDENT = 'student.';
const GUIDANCE = `${STUDENT}guidance`;
const STEPS = `${STUDENT}steps.embedding.weight`;

/** How the weights of a conditioning are called; linear layers follow `mlpOf`, and `guidance`. */
export const CONDITIONING_WEIGHTS = { label: LABEL, tableOf, mlpOf, guidance: GUIDANCE, steps: STEPS };

/** Whether a weight of the conditioning is one that only a student has. */
export const isOfStudent = (name: string) => name.startsWith(STUDENT);

/** Shapes of all weights of a config by name, in PyTorch's layout. */
export function conditioningShapes(config: ConditioningConfig): Shapes {
  const { embedding_dim: dim, num_labels, numeric_channels } = config;
  const shapes: Shapes = new Map([[LABEL, [num_labels + 1, dim]]]);
  for (const [name, kind] of Object.entries(config.attributes)) {
    shapes.set(tableOf(name), [numWords(kind) + 1, dim]);
    if (kind !== 'number') continue;
    linearShapes(shapes, `${mlpOf(name)}.linear_1`, numeric_channels, dim);
    linearShapes(shapes, `${mlpOf(name)}.linear_2`, dim, dim);
  }
  if (config.student) {
    linearShapes(shapes, `${GUIDANCE}.linear_1`, numeric_channels, dim);
    linearShapes(shapes, `${GUIDANCE}.linear_2`, dim, dim);
    shapes.set(STEPS, [config.student.step_counts.length, dim]);
  }
  return shapes;
}

/**
 * One vector for the label and the attributes of each picture, which a U-Net of `class_embed_type: "identity"` adds to its
 * time embedding:
 *
 *   c = Σ_a E_a[value_a] / √n     over the label and the attributes, n in all
 *
 * and of a student, which learned to guide itself and to take few steps,
 *
 *   c + G(w) + S[number of steps]
 *
 * where G is Linear–SiLU–Linear of `numericFeatures` of the guidance scale w, whose range becomes 0 … 1.
 *
 * The last row of each table E_a means "any". A number u goes through Linear–SiLU–Linear of `numericFeatures(u)` instead
 * of a table; its table has the row for "any" alone. The row of a label that is blended with another one is the mean of
 * both rows, weighted by their shares.
 *
 * Sums of embeddings: Dhariwal & Nichol 2021, arXiv:2105.05233, for classes; 1/√n keeps the variance that of one. G: Meng
 * et al. 2023, arXiv:2210.03142, section 3.1. S: Frans et al. 2024, arXiv:2410.12557, for the size of a step.
 * @param weights by name, in our layout
 * @returns       float32 (B, embedding_dim); the caller disposes it
 * @throws        RangeError when there are too few or too many values, or one is out of range
 */
export function conditioningVectors(config: ConditioningConfig, weights: Weights, conditions: Conditions): Tensor2D {
  const inputs = conditioningInputs(config, conditions);
  return tidy(() =>
    conditioningOfInputs(
      config,
      weights,
      inputs.map(({ values, shape }) => tensor2d(values, shape)),
    ),
  );
}

/** Numbers that conditions become before any weight has a part. */
export interface ConditioningInput {
  values: Float32Array;
  shape: [batch: number, width: number];
}

/**
 * What `conditioningOfInputs` computes from: which rows of the tables are added; of each attribute that is a number its
 * features, and whether it is known; of a student the features of the guidance scale, and the row of the number of steps.
 *
 * @throws RangeError as `conditioningVectors`
 */
export function conditioningInputs(config: ConditioningConfig, conditions: Conditions): ConditioningInput[] {
  checkConditions(config, conditions);
  const batch = conditions.classLabels.length;
  const names = Object.keys(config.attributes);
  const scale = scaleOf(config);
  const input = (values: Float32Array): ConditioningInput => ({ values, shape: [batch, values.length / batch] });
  const numbers = names.flatMap((name, place) => {
    if (config.attributes[name] !== 'number') return [];
    const values = valuesOf(conditions, names.length, place);
    const known = Float32Array.from(values, (value) => (value < 0 ? 0 : scale));
    return [input(numericFeatures(values, config.numeric_channels)), input(known)];
  });
  const told = config.student ? samplingInputs(config, config.student, conditions.sampling!).map(input) : [];
  return [input(chosenRows(config, conditions, scale)), ...numbers, ...told];
}

/** The same as `conditioningVectors`, of its inputs; to be called in a tidy. */
export function conditioningOfInputs(config: ConditioningConfig, weights: Weights, inputs: Tensor2D[]): Tensor2D {
  const [rows, ...rest] = inputs as [Tensor2D, ...Tensor2D[]];
  const names = Object.keys(config.attributes);
  const tables = [LABEL, ...names.map(tableOf)].map((name) => weight(weights, name) as Tensor2D);
  // One product with all tables in one costs less than one for each.
  const words = linear(rows, tables.length === 1 ? tables[0]! : concat(tables, 0), null);
  const numbers = names.filter((name) => config.attributes[name] === 'number');
  const known = numbers.reduce((sum, name, i) => {
    // Also where it is "any" for all: training needs a gradient of every weight.
    const [features, isKnown] = rest.slice(2 * i) as [Tensor2D, Tensor2D];
    return add<Tensor2D>(sum, mul(embedded(weights, mlpOf(name), features), isKnown));
  }, words);
  if (!config.student) return known;
  const [features, steps] = rest.slice(2 * numbers.length) as [Tensor2D, Tensor2D];
  const sampling = add(embedded(weights, GUIDANCE, features), linear(steps, weight(weights, STEPS) as Tensor2D, null));
  return add(known, sampling);
}

/** Linear–SiLU–Linear of features. */
const embedded = (weights: Weights, name: string, features: Tensor2D) =>
  dense(weights, `${name}.linear_2`, activateEmbedding(dense(weights, `${name}.linear_1`, features)));

const scaleOf = ({ attributes }: ConditioningConfig) => 1 / Math.sqrt(1 + Object.keys(attributes).length);

/** Features of the guidance scale, and 1 at the number of steps: what G and S of the equation take. */
function samplingInputs(
  { numeric_channels }: ConditioningConfig,
  { step_counts, guidance_scale: [least, most] }: StudentConfig,
  { guidanceScales, stepCounts }: SamplingConditions,
): Float32Array[] {
  const shares = Array.from(guidanceScales, (w) => (w - least) / (most - least));
  const rows = new Float32Array(shares.length * step_counts.length);
  for (let i = 0; i < shares.length; i++) {
    const place = step_counts.indexOf(stepCounts[i]!);
    if (place >= 0) rows[i * step_counts.length + place] = 1;
  }
  return [numericFeatures(shares, numeric_channels), rows];
}

/**
 * Sines and cosines of a number at frequencies from a quarter of a period to eight periods over its range:
 * sin and cos of u · π/2 · 32^(j / (half − 1)).
 *
 * Source: Vaswani et al. 2017, section 3.5, with frequencies for 0 … 1; Tancik et al. 2020, arXiv:2006.10739.
 * @param values (B), 0 … 1
 * @returns      (B, channels), the sines first
 */
export function numericFeatures(values: ArrayLike<number>, channels: number): Float32Array {
  const frequencies = numericFrequencies(channels);
  const half = frequencies.length;
  const features = new Float32Array(values.length * channels);
  for (let i = 0; i < values.length; i++) {
    for (const [j, frequency] of frequencies.entries()) {
      const angle = values[i]! * frequency;
      features[i * channels + j] = Math.sin(angle);
      features[i * channels + half + j] = Math.cos(angle);
    }
  }
  return features;
}

/** The angles of `numericFeatures` over the whole range, one for each pair of channels. */
export function numericFrequencies(channels: number): number[] {
  const half = channels / 2;
  return Array.from({ length: half }, (_, j) => (Math.PI / 2) * 32 ** (j / Math.max(1, half - 1)));
}

/** (B, all rows of all tables): `scale` at the row of the label and at one of each attribute, except for numbers. */
function chosenRows(config: ConditioningConfig, conditions: Conditions, scale: number): Float32Array {
  const kinds = Object.values(config.attributes);
  const width = numRows(config);
  const rows = new Float32Array(conditions.classLabels.length * width);
  for (let i = 0; i < conditions.classLabels.length; i++) {
    const { classLabel = 0, amount = 0 } = conditions.blends?.[i] ?? {};
    rows[i * width + conditions.classLabels[i]!] = scale * (1 - amount);
    rows[i * width + classLabel]! += scale * amount;
    let first = config.num_labels + 1;
    for (const [place, kind] of kinds.entries()) {
      const value = conditions.attributes[i * kinds.length + place]!;
      const isAny = value < 0;
      if (isAny) rows[i * width + first + numWords(kind)] = scale;
      else if (kind !== 'number') rows[i * width + first + value] = scale;
      first += numWords(kind) + 1;
    }
  }
  return rows;
}

function valuesOf(conditions: Conditions, numAttributes: number, place: number): number[] {
  return Array.from(conditions.classLabels, (_, i) => conditions.attributes[i * numAttributes + place]!);
}

const numWords = (kind: number | 'number') => (kind === 'number' ? 0 : kind);

/** The number of rows of all embedding tables together, the row for "any" of each included. */
function numRows({ num_labels, attributes }: ConditioningConfig): number {
  return Object.values(attributes).reduce<number>((sum, kind) => sum + numWords(kind) + 1, num_labels + 1);
}

function checkConditions(config: ConditioningConfig, { classLabels, blends, attributes, sampling }: Conditions): void {
  if (config.student) checkSampling(config.student, sampling, classLabels.length);
  const entries = Object.entries(config.attributes);
  if (attributes.length !== classLabels.length * entries.length) {
    throw new RangeError(
      `conditioning: ${attributes.length} values for ${classLabels.length} pictures; expected ${entries.length} for each`,
    );
  }
  if (blends && blends.length !== classLabels.length) {
    throw new RangeError(
      `conditioning: ${blends.length} blends for ${classLabels.length} pictures; expected one for each`,
    );
  }
  for (const blend of blends ?? []) checkBlend(config, blend);
  for (let i = 0; i < classLabels.length; i++) {
    const label = classLabels[i]!;
    if (!Number.isInteger(label) || label < 0 || label > config.num_labels) {
      throw new RangeError(
        `conditioning: class label ${label}; expected a whole number from 0 to ${config.num_labels}, where ${config.num_labels} is any label`,
      );
    }
    for (const [place, [name, kind]] of entries.entries()) {
      checkValue(name, kind, attributes[i * entries.length + place]!);
    }
  }
}

function checkBlend({ num_labels }: ConditioningConfig, blend: ClassBlend | null): void {
  if (!blend) return;
  const { classLabel, amount } = blend;
  if (Number.isInteger(classLabel) && classLabel >= 0 && classLabel < num_labels && amount >= 0 && amount <= 1) return;
  throw new RangeError(
    `conditioning: ${amount} of class ${classLabel} is blended in; expected 0 … 1 of a class from 0 to ${num_labels - 1}`,
  );
}

function checkSampling(
  { step_counts, guidance_scale: [least, most] }: StudentConfig,
  sampling: SamplingConditions | undefined,
  batch: number,
): void {
  const { guidanceScales = [], stepCounts = [] } = sampling ?? {};
  if (guidanceScales.length !== batch || stepCounts.length !== batch) {
    throw new RangeError(
      `conditioning: ${guidanceScales.length} guidance scales and ${stepCounts.length} numbers of steps for ${batch} pictures; a student expects one of each for each picture`,
    );
  }
  for (let i = 0; i < batch; i++) {
    const [w, numSteps] = [guidanceScales[i]!, stepCounts[i]!];
    if (!(w >= least && w <= most)) {
      throw new RangeError(
        `conditioning: the guidance scale is ${w}; expected ${least} to ${most}, which the student has learned`,
      );
    }
    if (numSteps === 0 || step_counts.includes(numSteps)) continue;
    throw new RangeError(
      `conditioning: the number of steps is ${numSteps}; expected one of ${step_counts.join(', ')}, or 0`,
    );
  }
}

function checkValue(name: string, kind: number | 'number', value: number): void {
  if (value < 0) return;
  const isKnown = kind === 'number' ? value <= 1 : Number.isInteger(value) && value < kind;
  if (isKnown) return;
  const expected = kind === 'number' ? 'a number from 0 to 1' : `a place from 0 to ${kind - 1}`;
  throw new RangeError(`conditioning: ${name} is ${value}; expected ${expected}, or below 0 for "any"`);
}
