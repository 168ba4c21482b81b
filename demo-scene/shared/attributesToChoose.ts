import { type Attributes, attributesOfLabel, isRange, type Vocabulary } from '../../runtime/index.ts';
import { ownValue } from './ownValue.ts';

/** What lists of words offer: those that pictures of the recipe's label can show, and the one that it asks for, should another label's be left of before. */
export function attributesToChoose(
  info: Parameters<typeof attributesOfLabel>[0],
  { label, attributes = {} }: { label: string; attributes?: Attributes },
): Vocabulary {
  const offered = Object.entries(attributesOfLabel(info, label)).map(([name, values]) => {
    const chosen = ownValue(attributes, name);
    const isOffered = typeof chosen !== 'string' || isRange(values) || values.includes(chosen);
    return [name, isOffered ? values : [...values, chosen]] as const;
  });
  return Object.fromEntries(offered);
}
