import { type AttributeValues, isRange, type Vocabulary } from '../core/attributes.ts';
import { CONDITIONING_WEIGHTS, conditioningShapes } from '../networks/conditioning.ts';
import { type ConditioningConfig, conditioningConfig } from '../networks/conditioningConfig.ts';
import { initialWeights } from '../networks/initialWeights.ts';
import type { UNet2DConfig } from '../networks/unet2dConfig.ts';
import { timeChannels } from '../networks/unet2dEmbedding.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import { joinConditioning } from './conditionedNetwork.ts';

const CLASS_TABLE = 'class_embedding.weight';
const { label: LABEL_TABLE, tableOf, mlpOf } = CONDITIONING_WEIGHTS;

/** A U-Net and what it knows; weights in PyTorch's layout. */
export interface KnownNetwork {
  config: UNet2DConfig;
  weights: ReadonlyMap<string, WeightTensor>;
  /** The conditioning of a U-Net with `class_embed_type: "identity"`; null for others. */
  conditioning: ReadonlyMap<string, WeightTensor> | null;
  labels: readonly string[];
  vocabulary: Vocabulary;
}

/** A U-Net that takes a vector, the network that makes it, and the weights of both, joined. */
export interface ConditionedNetwork {
  config: UNet2DConfig;
  conditioning: ConditioningConfig;
  weights: Map<string, WeightTensor>;
}

/** Weights with the names of the rows of their tables. */
export interface ConditioningTables {
  weights: ReadonlyMap<string, WeightTensor>;
  labels: readonly string[];
  vocabulary: Vocabulary;
  /** How many embeddings are summed, those of label and attributes; the sum is divided by the root of it. */
  count: number;
}

/**
 * A network for other labels and attributes, to begin a training with. Rows of labels and words that it knows stay theirs,
 * rows that are new begin at random, the "any" of an attribute that is new adds nothing at first, and an attribute that is gone
 * leaves what its "any" added to every label; all are scaled by the ratio of the roots √n. So for what it knows the network
 * begins as what it was. The classes of a U-Net that takes them become the labels.
 *
 * Words of a new attribute that began at nothing as well would hardly be told apart: layers learn to heed an embedding as fast
 * as it is large, and it grows as fast as they heed it.
 *
 * @param labels, vocabulary those of the training to come
 * @param seed               uint32, of the new rows
 * @throws                   RangeError when the tables of the conditioning are not of its labels and attributes
 */
export function adaptConditioning(
  known: KnownNetwork,
  labels: readonly string[],
  vocabulary: Vocabulary,
  seed: number,
): ConditionedNetwork {
  const config: UNet2DConfig = { ...known.config, class_embed_type: 'identity', num_class_embeds: null };
  const conditioning = conditioningConfig(timeChannels(config), labels.length, vocabulary);
  const tables = tablesOf(known);
  const weights = tables
    ? adaptTables(tables, conditioning, { labels, vocabulary, seed })
    : initialWeights(conditioningShapes(conditioning), seed);
  const unet = new Map([...known.weights].filter(([name]) => name !== CLASS_TABLE));
  return { config, conditioning, weights: joinConditioning(unet, weights) };
}

/** The weights of a conditioning for other labels and attributes, as `adaptConditioning` says. @param config of the training to come */
export function adaptTables(
  tables: ConditioningTables,
  config: ConditioningConfig,
  { labels, vocabulary, seed }: { labels: readonly string[]; vocabulary: Vocabulary; seed: number },
): Map<string, WeightTensor> {
  const weights: Map<string, WeightTensor> = initialWeights(conditioningShapes(config), seed);
  const scale = Math.sqrt((1 + Object.keys(vocabulary).length) / tables.count);
  copyTable(weights, tables.weights, LABEL_TABLE, tables.labels, labels, scale);
  addToKnownRows(weights.get(LABEL_TABLE)!, tables, labels, goneAttributes(tables.vocabulary, vocabulary), scale);
  for (const name of Object.keys(vocabulary)) copyAttribute(weights, tables, name, vocabulary, scale);
  return weights;
}

function tablesOf({ config, weights, conditioning, labels, vocabulary }: KnownNetwork): ConditioningTables | null {
  if (conditioning) {
    const expected = conditioningShapes(conditioningConfig(timeChannels(config), labels.length, vocabulary));
    for (const [name, shape] of expected) {
      if (name.includes('.linear_') || conditioning.get(name)?.shape.join() === shape.join()) continue;
      throw new RangeError(
        `adaptConditioning: ${name} is ${conditioning.get(name)?.shape.join('×') ?? 'missing'}; expected ${shape.join('×')}, as the model's labels and attributes say`,
      );
    }
    return { weights: conditioning, labels, vocabulary, count: 1 + Object.keys(vocabulary).length };
  }
  const classes = weights.get(CLASS_TABLE);
  if (!classes || config.num_class_embeds !== labels.length + 1) return null;
  return { weights: new Map([[LABEL_TABLE, classes]]), labels, vocabulary: {}, count: 1 };
}

function copyAttribute(
  weights: Map<string, WeightTensor>,
  tables: ConditioningTables,
  name: string,
  vocabulary: Vocabulary,
  scale: number,
): void {
  const values = vocabulary[name]!;
  const before = Object.hasOwn(tables.vocabulary, name) ? tables.vocabulary[name]! : null;
  const table = tableOf(name);
  if (before && isLike(before, values) && !isRange(values)) {
    copyTable(weights, tables.weights, table, before as readonly string[], values, scale);
  } else if (before && isLike(before, values)) {
    copyTable(weights, tables.weights, table, [], [], scale);
    for (const part of mlpParts(name)) {
      const factor = part.includes('.linear_2.') ? scale : 1;
      const { shape, data } = tables.weights.get(part)!;
      weights.set(part, { shape, data: Float32Array.from(data, (value) => factor * value) });
    }
  } else {
    const { shape, data } = weights.get(table)!;
    data.fill(0, data.length - shape[1]!);
  }
}

/** Whether what is known of an attribute still holds: both have words, or numbers of one range. */
function isLike(before: AttributeValues, now: AttributeValues): boolean {
  if (!isRange(before) || !isRange(now)) return isRange(before) === isRange(now);
  return before.min === now.min && before.max === now.max;
}

function goneAttributes(before: Vocabulary, now: Vocabulary): string[] {
  const stays = (name: string) => Object.hasOwn(now, name) && isLike(before[name]!, now[name]!);
  return Object.keys(before).filter((name) => !stays(name));
}

/** Adds what "any" of the attributes that are gone adds, to the rows of the labels that are known and of "any". */
function addToKnownRows(
  { shape, data }: WeightTensor,
  tables: ConditioningTables,
  labels: readonly string[],
  gone: readonly string[],
  scale: number,
): void {
  const width = shape[1]!;
  const anyRows = gone.map((name) => {
    const table = tables.weights.get(tableOf(name))!.data;
    return table.subarray(table.length - width);
  });
  for (let row = 0; row <= labels.length; row++) {
    if (row < labels.length && !tables.labels.includes(labels[row]!)) continue;
    for (const any of anyRows) {
      for (let i = 0; i < width; i++) data[row * width + i]! += scale * any[i]!;
    }
  }
}

/** The weights of the network that embeds a number. The last two belong to the layer whose output is added to the sum. */
function mlpParts(name: string): string[] {
  return ['linear_1.weight', 'linear_1.bias', 'linear_2.weight', 'linear_2.bias'].map(
    (part) => `${mlpOf(name)}.${part}`,
  );
}

/** Copies rows to where their words are now; the last row means "any" in both. */
function copyTable(
  weights: Map<string, WeightTensor>,
  from: ReadonlyMap<string, WeightTensor>,
  name: string,
  before: readonly string[],
  now: readonly string[],
  scale: number,
): void {
  const source = from.get(name)!;
  const target = weights.get(name)!;
  const width = target.shape[1]!;
  const data = Float32Array.from(target.data);
  const copyRow = (row: number, to: number) => {
    for (let i = 0; i < width; i++) data[to * width + i] = scale * source.data[row * width + i]!;
  };
  for (const [to, word] of now.entries()) if (before.includes(word)) copyRow(before.indexOf(word), to);
  copyRow(before.length, now.length);
  weights.set(name, { ...target, data });
}
