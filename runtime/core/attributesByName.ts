import * as v from 'valibot';
import { MAX_ATTRIBUTES } from './attributes.ts';
import { entriesByName } from './entriesByName.ts';
import { isObject } from './untrustedJson.ts';

const EXPECTED = `expected at most ${MAX_ATTRIBUTES} attributes`;

const FEW = v.pipe(v.custom<Record<string, unknown>>(isObject), v.maxEntries(MAX_ATTRIBUTES, EXPECTED));

/**
 * The form of an object with an entry for each of some attributes. A file of a stranger may have a million of them: where there are
 * more than a model may have, none is looked at.
 *
 * @param value, expected, name as of `entriesByName`
 */
export function attributesByName<const Value extends v.GenericSchema>(
  value: Value,
  expected: string,
  name?: v.GenericSchema<string>,
) {
  const entries = entriesByName(value, expected, name);
  const run: (typeof entries)['~run'] = (dataset, config) => {
    const isTooLong = isObject(dataset.value) && Object.keys(dataset.value).length > MAX_ATTRIBUTES;
    return isTooLong ? (FEW['~run'](dataset, config) as ReturnType<typeof run>) : entries['~run'](dataset, config);
  };
  return v.pipe({ ...entries, '~run': run }, v.maxEntries(MAX_ATTRIBUTES, EXPECTED));
}
