import { attributeProblem, isRange, type ModelInfo } from '../runtime/index.ts';

/** The words of an attribute of a model. @throws RangeError where there are none */
export function wordsOfAttribute({ attributes: vocabulary = {} }: ModelInfo, name: string): readonly string[] {
  const values = Object.hasOwn(vocabulary, name) ? vocabulary[name]! : null;
  if (values && !isRange(values)) return values;
  const problem = values ? `${name} is a number; say which values to make` : attributeProblem(vocabulary, name, '');
  throw new RangeError(`generateSet: ${problem}`);
}
