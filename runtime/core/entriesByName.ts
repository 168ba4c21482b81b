import * as v from 'valibot';
import { isObject } from './untrustedJson.ts';

/**
 * The form of an object with entries of any name. The entries are checked as pairs, since valibot's own record passes over
 * the names `constructor`, `prototype` and `__proto__`, which labels and attributes may have.
 *
 * @param value    the form of each entry
 * @param expected the message where there is no object at all
 * @param name     the form of each name; default: any text
 */
export function entriesByName<const Value extends v.GenericSchema>(
  value: Value,
  expected: string,
  name: v.GenericSchema<string> = v.string(),
) {
  const record = v.record(name, value, expected);
  const pairs = v.array(v.tuple([name, value]));
  const run: (typeof record)['~run'] = (dataset, config) => {
    const { value: given } = dataset;
    if (Array.isArray(given)) return record['~run'](Object.assign(dataset, { value: 'a list' }), config);
    if (!isObject(given)) return record['~run'](dataset, config);
    const names = Object.keys(given);
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
