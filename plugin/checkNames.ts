import { definedOf, nearestWord, quote } from '../runtime/index.ts';
import { warnOnce } from './warnOnce.ts';

/**
 * Warns of options that do not exist, which are passed over, and names the nearest that does.
 *
 * @param where what takes the options, such as `pixelArt`
 * @throws TypeError when they are no object
 */
export function checkNames(where: string, options: unknown, names: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${where}: the options are ${quote(options)}; expected an object, such as { ${names[0]}: … }`);
  }
  for (const name of Object.keys(definedOf(options))) {
    if (names.includes(name)) continue;
    const nearest = quote(nearestWord(names, name));
    warnOnce(`${where}: ${quote(name)} is no option and is passed over; did you mean ${nearest}?`);
  }
}
