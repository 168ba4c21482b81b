import { ANY_WORD, type Attributes, type Vocabulary } from '../../runtime/index.ts';
import { ownValue } from '../shared/ownValue.ts';
import type { Settings } from './settings.ts';

type Asked = Pick<Settings, 'attributes' | 'sameAs'>;

/**
 * The same person, or thing, with another value of one attribute: what it was at first is kept, so that all else stays.
 *
 * @param value null: any
 */
export function withAttribute(
  { attributes, sameAs }: Asked,
  name: string,
  value: string | number | null,
  vocabulary: Vocabulary,
): Asked {
  const { [name]: _, ...others } = attributes;
  const before = ownValue(sameAs, name) ?? ownValue(attributes, name) ?? ANY_WORD;
  return {
    attributes: inOrder(value === null ? others : { ...others, [name]: value }, vocabulary),
    sameAs: inOrder({ ...sameAs, [name]: before }, vocabulary),
  };
}

/** The same attributes in the order of the vocabulary: one recipe, however it was come by. */
function inOrder(attributes: Attributes, vocabulary: Vocabulary): Attributes {
  const known = Object.keys(vocabulary).filter((name) => Object.hasOwn(attributes, name));
  return Object.fromEntries(known.map((name) => [name, attributes[name]!]));
}
