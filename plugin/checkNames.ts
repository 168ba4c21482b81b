import { definedOf, nearestWord, quote } from '../runtime/index.ts';
import { warnOnce } from './warnOnce.ts';

/** Of more names that are unknown none is told: they come from a file, and no person has written it. */
const MAX_TOLD = 10;

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
  const unknown = Object.keys(definedOf(options)).filter((name) => !names.includes(name));
  for (const name of unknown.slice(0, MAX_TOLD)) {
    const nearest = quote(nearestWord(names, name));
    warnOnce(`${where}: ${quote(name)} is no option and is passed over; did you mean ${nearest}?`);
  }
}
