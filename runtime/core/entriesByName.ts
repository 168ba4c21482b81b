import * as v from 'valibot';
import { MAX_ATTRIBUTES } from './attributes.ts';
import { isObject } from './untrustedJson.ts';

type Entries = Record<string, unknown>;

/** How many entries there may be: `v.maxEntries`. */
type Most = v.MaxEntriesAction<Entries, number, string>;

/** So many attributes a model may have. */
export const MOST_ATTRIBUTES: Most = v.maxEntries(MAX_ATTRIBUTES, `expected at most ${MAX_ATTRIBUTES} attributes`);

/**
 * The form of an object with entries of any name. The entries are checked as pairs, since valibot's own record passes over
 * the names `constructor`, `prototype` and `__proto__`, which labels and attributes may have.
 *
 * @param value    the form of each entry
 * @param expected the message where there is no object at all
 * @param name     the form of each name; default: any text
 * @param most     where there are more entries none of them is looked at: it is to follow in the pipe, too, for who reads the form
 */
export function entriesByName<const Value extends v.GenericSchema>(
  value: Value,
  expected: string,
  name: v.GenericSchema<string> = v.string(),
  most?: Most,
) {
  const record = v.record(name, value, expected);
  const pairs = v.array(v.tuple([name, value]));
  const run: (typeof record)['~run'] = (dataset, config) => {
    const { value: given } = dataset;
    if (Array.isArray(given)) return record['~run'](Object.assign(dataset, { value: 'a list' }), config);
    if (!isObject(given)) return record['~run'](dataset, config);
    const names = Object.keys(given);
    if (most && names.length > most.requirement) {
      return v.pipe(v.custom<Entries>(isObject), most)['~run'](dataset, config) as ReturnType<typeof run>;
    }
    const checked = pairs['~run']({ value: Object.entries(given) }, config);
    for (const { path } of checked.issues ?? []) {
      const [pair] = path!.splice(0, 2) as unknown as [{ key: number }];
      const key = names[pair.key]!;
      path!.unshift({ type: 'object', origin: 'value', input: given, key, value: given[key] });
    }
    const entries = Object.fromEntries(checked.value as [string, unknown][]);
    return Object.assign(dataset, checked, { value: entries }) as ReturnType<typeof run>;
  };
  return { ...record, '~run': run };
}
