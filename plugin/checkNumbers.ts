import { quote } from '../runtime/index.ts';

/** The numbers that may be any from 0 on. */
const AMOUNTS = [
  'frameBudgetMs',
  'maxPixels',
  'cacheBytes',
  'storeBytes',
  'timeoutMs',
  'numRetries',
  'maxFileBytes',
] as const;

/** The numbers among the options of a generator. */
type Numbers = { [name in (typeof AMOUNTS)[number] | 'numWorkers']?: number };

/** @throws RangeError, naming the option, for a number out of range; one that is left out, or undefined, is right */
export function checkNumbers(options: Numbers): void {
  for (const name of AMOUNTS) {
    const value = options[name];
    if (value === undefined || (typeof value === 'number' && value >= 0)) continue;
    throw new RangeError(`AssetGenerator: ${name} is ${quote(value)}; expected a number from 0 on`);
  }
  const { numWorkers = 1 } = options;
  if (Number.isSafeInteger(numWorkers) && numWorkers >= 1) return;
  throw new RangeError(`AssetGenerator: numWorkers is ${quote(numWorkers)}; expected a whole number from 1 on`);
}
