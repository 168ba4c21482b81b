import type { WeightTensor } from '../../runtime/index.ts';

/**
 * Whether all weights of a network are, bit for bit, those of another.
 *
 * @param isMeant which are compared, by name; default all
 */
export function haveSameWeights(
  weights: ReadonlyMap<string, WeightTensor>,
  others: ReadonlyMap<string, WeightTensor>,
  isMeant: (name: string) => boolean = () => true,
): boolean {
  const isSame = (name: string, data: ArrayLike<number>) =>
    Array.from(data).every((value, i) => value === others.get(name)?.data[i]);
  return [...weights].every(([name, { data }]) => !isMeant(name) || isSame(name, data));
}
