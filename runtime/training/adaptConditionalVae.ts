import type { Vocabulary } from '../core/attributes.ts';
import { type ConditionalVaeConfig, conditioningOf, ownConditioning, SIDES } from '../networks/conditionalVae.ts';
import { attributeKinds } from '../networks/conditioningConfig.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import { adaptTables } from './adaptConditioning.ts';

/** A conditional VAE and what it knows; weights in PyTorch's layout. */
export interface KnownConditionalVae {
  config: ConditionalVaeConfig;
  weights: ReadonlyMap<string, WeightTensor>;
  /** In the order of the network's classes. */
  labels: readonly string[];
  vocabulary: Vocabulary;
}

/**
 * A conditional VAE of the same labels for other attributes, to begin a training with. Each side keeps what it knows, as
 * `adaptConditioning` says: the network begins as what it was.
 *
 * @param vocabulary of the training to come, one attribute or more
 * @param seed       uint32, of words that are new to an attribute
 * @throws           RangeError for a network that knows the label alone, or is to
 */
export function adaptConditionalVae(
  { config: before, weights, labels, vocabulary: known }: KnownConditionalVae,
  vocabulary: Vocabulary,
  seed: number,
): { config: ConditionalVaeConfig; weights: Map<string, WeightTensor> } {
  const config = { ...before, attributes: attributeKinds(vocabulary) };
  const conditioning = ownConditioning(config);
  if (!conditioning || !ownConditioning(before)) {
    throw new RangeError(
      'adaptConditionalVae: a network that knows the label alone has no attributes to go on with; begin with one that knows some',
    );
  }
  const count = 1 + Object.keys(known).length;
  const sides = SIDES.flatMap((side) => {
    const tables = { weights: startingWith(conditioningOf(side), weights), labels, vocabulary: known, count };
    const adapted = adaptTables(tables, conditioning, { labels, vocabulary, seed });
    return Array.from(adapted, ([name, weight]): [string, WeightTensor] => [conditioningOf(side) + name, weight]);
  });
  const others = [...weights].filter(([name]) => !SIDES.some((side) => name.startsWith(conditioningOf(side))));
  return { config, weights: new Map([...others, ...sides]) };
}

/** Those weights alone whose names begin so, by the rest of their names. */
function startingWith(prefix: string, weights: ReadonlyMap<string, WeightTensor>): Map<string, WeightTensor> {
  const own = [...weights].filter(([name]) => name.startsWith(prefix));
  return new Map(own.map(([name, weight]) => [name.slice(prefix.length), weight]));
}
