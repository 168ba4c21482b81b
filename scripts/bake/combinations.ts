import { isRange, type Vocabulary } from '../../runtime/core/attributes.ts';

/** Attributes as an asset asks for them: one value of each, or several of which each is to be made. */
export type AskedAttributes = Readonly<Record<string, string | number | readonly (string | number)[]>>;

/** One choice of values, and those among them that tell it apart from the other choices. */
export interface Combination {
  attributes: Readonly<Record<string, string | number>>;
  varied: (string | number)[];
}

/** How many combinations there are, without making them. */
export function numCombinations(asked: AskedAttributes = {}): number {
  return Object.values(asked).reduce<number>((product, values) => product * listed(values).length, 1);
}

/** Every choice of one value for each attribute; the attribute that was named last changes fastest. */
export function combinations(asked: AskedAttributes = {}): Combination[] {
  let all: Combination[] = [{ attributes: {}, varied: [] }];
  for (const [name, values] of Object.entries(asked)) {
    const choices = listed(values);
    all = all.flatMap(({ attributes, varied }) =>
      choices.map((value) => ({
        attributes: { ...attributes, [name]: value },
        varied: choices.length > 1 ? [...varied, value] : varied,
      })),
    );
  }
  return all;
}

/** The attributes that have several values. */
export function variedNames(asked: AskedAttributes = {}): string[] {
  return Object.keys(asked).filter((name) => listed(asked[name]!).length > 1);
}

function listed(values: AskedAttributes[string]): (string | number)[] {
  return [...new Set([values].flat() as (string | number)[])];
}

/** The same with words in place of numbers where an attribute knows them as words: in a text `rank=1` reads as a number. */
export function withWords(asked: AskedAttributes, vocabulary: Vocabulary): AskedAttributes {
  const asKnown = (name: string) => (value: string | number) => {
    const known = Object.hasOwn(vocabulary, name) ? vocabulary[name]! : [];
    return !isRange(known) && known.includes(String(value)) ? String(value) : value;
  };
  return Object.fromEntries(
    Object.entries(asked).map(([name, values]) => {
      const all = [values].flat() as (string | number)[];
      return [name, Array.isArray(values) ? all.map(asKnown(name)) : asKnown(name)(all[0]!)];
    }),
  );
}

export const ATTRIBUTES_FORM = 'attributes such as hair_colour=red,expression=happy';

/**
 * Reads attributes from one text. A word without a name is another value of the attribute before it:
 * `hair_colour=red,black,expression=happy`. What looks like a number is one.
 *
 * @param before attributes to which these are added
 * @returns      undefined for a text of another form
 */
export function attributesFromText(text: string, before: AskedAttributes = {}): AskedAttributes | undefined {
  const asked = new Map(Object.entries(before).map(([name, values]) => [name, listed(values)]));
  let name: string | undefined;
  for (const part of text.split(',')) {
    const [value = '', newName] = part
      .split('=')
      .reverse()
      .map((word) => word.trim());
    name = newName ?? name;
    if (!name || value === '' || part.split('=').length > 2) return undefined;
    const number = Number(value);
    asked.set(name, [...(asked.get(name) ?? []), Number.isFinite(number) ? number : value]);
  }
  return Object.fromEntries([...asked].map(([key, values]) => [key, values.length === 1 ? values[0]! : values]));
}
