import { type Command, InvalidArgumentError, Option } from 'commander';
import { MAX_SEED } from '../../runtime/core/random.ts';
import type { LabelBlend } from '../../runtime/index.ts';
import { BLEND_FORM, blendFromText } from '../bake/blendText.ts';
import { type AskedAttributes, ATTRIBUTES_FORM, attributesFromText } from '../bake/combinations.ts';
import { UsageError } from '../node/usageError.ts';

/** Parser of an option that takes a whole number. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < min || value > max) {
      throw new InvalidArgumentError(
        `expected a whole number from ${min}${max < Number.MAX_SAFE_INTEGER ? ` to ${max}` : ''}.`,
      );
    }
    return value;
  };
}

/** Parser of an option that takes one of a few numbers. */
export function oneOf(values: readonly number[]): (text: string) => number {
  return (text) => {
    const value = values.find((known) => String(known) === text.trim());
    if (value === undefined) throw new InvalidArgumentError(`expected ${values.join(', ')}.`);
    return value;
  };
}

/** Parser of an option that takes a number. */
export function realNumber(min: number, max = Number.POSITIVE_INFINITY): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= min && value <= max)) {
      throw new InvalidArgumentError(`expected a number from ${min}${max < Infinity ? ` to ${max}` : ''}.`);
    }
    return value;
  };
}

/** Parser of an option that takes names, separated by commas; letters are composed with their accents, as data sets have them. */
export function nameList(text: string): string[] {
  const names = text.split(',').map((name) => name.trim().normalize());
  if (names.includes('')) throw new InvalidArgumentError('expected names separated by commas.');
  return names;
}

/** Parser of an option that takes a factor for each of some names, as extras=8,fringe=2. */
export function factorList(max: number): (text: string) => Record<string, number> {
  return (text) => {
    const factors = attributesFromText(text);
    const isFactor = (value: unknown) => typeof value === 'number' && value >= 0 && value <= max;
    if (factors && Object.values(factors).every(isFactor)) return factors as Record<string, number>;
    throw new InvalidArgumentError(`expected names with numbers from 0 to ${max}, such as eyes=2,hair=0.5.`);
  };
}

/** Parser of an option that takes attributes, as often as it is given. */
export function attributeValues(text: string, before: AskedAttributes = {}): AskedAttributes {
  const asked = attributesFromText(text, before);
  if (!asked) throw new InvalidArgumentError(`expected ${ATTRIBUTES_FORM}.`);
  return asked;
}

/** Parser of an option that takes another label and its share. */
export function labelBlend(text: string): LabelBlend {
  const blend = blendFromText(text);
  if (!blend) throw new InvalidArgumentError(`expected ${BLEND_FORM}.`);
  return blend;
}

/** Parser of an option that takes the address of a page. @returns its origin */
export function pageOrigin(text: string): string {
  const address = URL.canParse(text) ? new URL(text) : null;
  if (!address || !/^https?:$/.test(address.protocol)) {
    throw new InvalidArgumentError('expected an address such as http://localhost:5173.');
  }
  return address.origin;
}

/** The option that chooses among the attributes of a data set. */
export function attributesOption(fallback: string): Option {
  const what = `condition on these attributes of the data, separated by commas, or on none (${fallback})`;
  return new Option('--attributes <list>', what).argParser(nameList);
}

/** The option that guides in a part of the steps. */
export function guidanceIntervalOption(
  what = "guide only between these training timesteps (default: the model's)",
): Option {
  return new Option('--guidance-interval <a,b>', what).argParser(timestepInterval);
}

function timestepInterval(text: string): [tMin: number, tMax: number] {
  const [from, to, ...rest] = text.split(',').map(wholeNumber(0));
  if (from === undefined || to === undefined || rest.length > 0 || from > to) {
    throw new InvalidArgumentError('expected two whole numbers, the smaller one first, such as 200,800.');
  }
  return [from, to];
}

/** The option that tells of one more data set each time that it is given. */
export function extraDataOption(what: string): Option {
  const andBefore = (dir: string, before: readonly string[] = []) => [...before, dir];
  return new Option('--extra-data <dir>', `${what}; none of it is held out; may be given again`).argParser(andBefore);
}

/** By which a command that adds to a model is told the data that it was trained on. */
export const dataOfModelOptions = (): Option[] => [
  new Option('--data <dir>', 'the data set that the model was trained on'),
  extraDataOption('more that it was trained on'),
  new Option('--held-out <share>', 'share of each class kept away, as in training')
    .default(0.05)
    .argParser(realNumber(0, 0.9)),
  new Option('--hold-out-by <list>', 'the attributes that the training held out by').argParser(nameList),
  new Option('--split-seed <n>', 'seed of that split: the --seed of the training')
    .default(0)
    .argParser(wholeNumber(0, MAX_SEED)),
];

/**
 * Refuses options that mean nothing without `--data`.
 *
 * @throws UsageError, since without any option the command takes its entry out of the model
 */
export function refuseWithoutData(command: Command, { data }: DataOfModelCommandOptions): void {
  const isGiven = (option: Option) => command.getOptionValueSource(option.attributeName()) === 'cli';
  const given = command.options.find(isGiven);
  if (data !== undefined || !given) return;
  throw new UsageError(
    `${command.name()}: ${given.long} is of no use without --data; without any option the ${command.name()} is taken out`,
  );
}

/** The values of `dataOfModelOptions` on a command line. */
export interface DataOfModelCommandOptions {
  data?: string;
  extraData?: string[];
  heldOut: number;
  holdOutBy?: string[];
  splitSeed: number;
}
