import { checkWeights, type WeightTensor } from './weightTensor.ts';

type Weights = ReadonlyMap<string, WeightTensor>;

/**
 * Weights on the straight line between those of two networks, (1 − share) · a + share · b. Where both go back to the same training,
 * what lies between is often better than either.
 *
 * Source: Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", CVPR, section 3.
 *
 * @param fileName of `b`, for errors
 * @param share    0 for `a` … 1 for `b`
 * @throws         ModelFileError unless both have the same tensors, of floats
 */
export function averageWeights(a: Weights, b: Weights, fileName: string, share: number): Map<string, WeightTensor> {
  checkWeights(b, new Map([...a].map(([name, { shape }]) => [name, shape])), fileName);
  const between = ([name, { shape, data }]: readonly [string, WeightTensor]): [string, WeightTensor] => {
    const other = b.get(name)!.data;
    return [name, { shape, data: Float32Array.from(data, (value, i) => (1 - share) * value + share * other[i]!) }];
  };
  return new Map([...a].map(between));
}
