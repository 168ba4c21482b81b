import { checkRecipe, type ModelInfo } from '../../plugin/index.ts';
import {
  ANY_WORD,
  type Attributes,
  attributeProblem,
  isRange,
  mixesLabels,
  nearestWord,
  SAMPLER_NAMES,
  type Vocabulary,
} from '../../runtime/index.ts';
import {
  canBeOrnate,
  changedOf,
  defaultSettings,
  isBlended,
  isIntervalSet,
  type NumberName,
  openingSettings,
  rangesOf,
  type Settings,
} from './settings.ts';

/** One key of the address: `guidance=3`. */
interface Field {
  /** null: it has no effect, and is left out. */
  write(settings: Settings, info: ModelInfo): string | null;
  /** null: the text means nothing here. */
  read(text: string, info: ModelInfo): Partial<Settings> | null;
  /** What the text should be, in place of one that means nothing. */
  expected(info: ModelInfo, text: string): string;
  /** What is wrong with parts of a text whose other parts are read. */
  problems?(text: string, info: ModelInfo): string[];
}

/** How the keys `with` and `as`, both of which list attributes, are refused where they are wrong. */
const OF_ATTRIBUTES = {
  expected: () => 'left out: this model has no attributes',
  problems: (text: string, { attributes = {} }: ModelInfo) =>
    pairsOf(text, attributes).flatMap(([name, value]) => attributeProblem(attributes, name, value) ?? []),
} satisfies Partial<Field>;

const FIELDS: Readonly<Record<string, Field>> = {
  label: labelField('label'),
  blend: mixed(labelField('blendLabel', isBlended)),
  share: mixed(numberField('blendAmount', isBlended)),
  with: {
    ...OF_ATTRIBUTES,
    write: ({ attributes }) => writeAttributes(attributes),
    read: (text, info) => {
      const asked = readAttributes(text, info);
      return asked && { attributes: Object.fromEntries(asked.filter(([, value]) => value !== ANY_WORD)) };
    },
  },
  as: {
    ...OF_ATTRIBUTES,
    write: (settings) => writeAttributes(changedOf(settings)),
    read: (text, info) => {
      const asked = readAttributes(text, info);
      return asked && { sameAs: Object.fromEntries(asked) };
    },
  },
  compare: {
    write: ({ compared }, info) => (compared === '' || compared === defaultSettings(info).compared ? null : compared),
    read: (text, { attributes = {} }) => (Object.hasOwn(attributes, text) ? { compared: text } : null),
    expected: ({ attributes = {} }, text) => oneOf(Object.keys(attributes), text),
  },
  seed: numberField('seed'),
  guidance: numberField('guidanceScale'),
  interval: {
    write: (settings, info) =>
      isIntervalSet(settings, info) ? `${settings.intervalMin}-${settings.intervalMax}` : null,
    read: readInterval,
    expected: (info) => `two timesteps from 0 to ${rangesOf(info).intervalMax.max}, the smaller first, such as 200-800`,
  },
  rescale: numberField('guidanceRescale', ({ guidanceRescale }) => guidanceRescale > 0),
  ornate: ornateField(),
  sampler: {
    write: ({ sampler }) => sampler,
    read: (text) => {
      const sampler = SAMPLER_NAMES.find((name) => name === text);
      return sampler ? { sampler } : null;
    },
    expected: () => `one of ${SAMPLER_NAMES.join(', ')}`,
  },
  steps: numberField('numInferenceSteps'),
  eta: numberField('eta', ({ sampler, eta }) => sampler === 'ddim' && eta > 0),
  walkto: labelField('walkLabel', ({ walkLabel }, info) => walkLabel !== defaultSettings(info).walkLabel),
  walkseed: numberField('walkSeed', ({ walkSeed }, info) => walkSeed !== defaultSettings(info).walkSeed),
};

function labelField(
  name: 'label' | 'blendLabel' | 'walkLabel',
  hasEffect: (settings: Settings, info: ModelInfo) => boolean = () => true,
): Field {
  return {
    write: (settings, info) => (hasEffect(settings, info) ? settings[name] : null),
    read: (text, { labels }) => (labels.includes(text) ? { [name]: text } : null),
    expected: ({ labels }, text) => oneOf(labels, text),
  };
}

function numberField(
  name: NumberName,
  hasEffect: (settings: Settings, info: ModelInfo) => boolean = () => true,
): Field {
  return {
    write: (settings, info) => (hasEffect(settings, info) ? String(settings[name]) : null),
    read: (text, info) => {
      const { min, max, step } = rangesOf(info)[name];
      const value = decimalOf(text);
      const fits = value >= min && value <= max && (step !== 1 || Number.isInteger(value));
      return fits ? { [name]: value } : null;
    },
    expected: (info) => {
      const { min, max, step } = rangesOf(info)[name];
      return `a ${step === 1 ? 'whole ' : ''}number from ${min} to ${max}`;
    },
  };
}

/** A field for those models alone whose panel has a control for it. */
function fieldFor(isKnown: (info: ModelInfo) => boolean, field: Field, reason: string): Field {
  return {
    ...field,
    read: (text, info) => (isKnown(info) ? field.read(text, info) : null),
    expected: (info, text) => (isKnown(info) ? field.expected(info, text) : `left out: ${reason}`),
  };
}

function mixed(field: Field): Field {
  return fieldFor(mixesLabels, field, 'this model cannot mix its labels');
}

function ornateField(): Field {
  const field = numberField('ornate', ({ ornate }) => ornate !== 0);
  return fieldFor(canBeOrnate, field, 'its classifier steers portraits alone');
}

function readInterval(text: string, info: ModelInfo): Partial<Settings> | null {
  const [, min, max] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  if (min === undefined) return null;
  const [intervalMin, intervalMax] = [Number(min), Number(max)];
  return intervalMin <= intervalMax && intervalMax <= rangesOf(info).intervalMax.max
    ? { intervalMin, intervalMax }
    : null;
}

function writeAttributes(attributes: Attributes): string | null {
  return (
    Object.entries(attributes)
      .filter(([, value]) => value !== undefined)
      .map((pair) => pair.map((part) => escaped(part!)).join('='))
      .join() || null
  );
}

/** A name or word within a list of attributes, without the signs that part them. */
function escaped(text: string | number): string {
  return String(text).replace(/[%,=]/g, encodeURIComponent);
}

type Pair = [name: string, value: string | number];

/** The attributes of a list that the model knows, "any" among them; null where it knows none at all. */
function readAttributes(text: string, { attributes = {} }: ModelInfo): Pair[] | null {
  if (Object.keys(attributes).length === 0) return null;
  return pairsOf(text, attributes).filter(([name, value]) => !attributeProblem(attributes, name, value));
}

/** What a list asks for, right or wrong; numbers where the model's are, if they are any. */
function pairsOf(text: string, vocabulary: Vocabulary): Pair[] {
  return text.split(',').map((pair) => {
    const [name, value] = splitPair(pair);
    const isNumber = Object.hasOwn(vocabulary, name) && isRange(vocabulary[name]!);
    const number = isNumber ? decimalOf(value) : Number.NaN;
    return [name, Number.isNaN(number) ? value : number];
  });
}

function oneOf(words: readonly string[], text: string): string {
  if (words.length === 0) return 'left out: there is none';
  return `one of ${words.join(', ')}; did you mean "${nearestWord(words, text)}"?`;
}

/** The part of an address that holds settings: `#label=elf&seed=7&guidance=2&sampler=dpm++&steps=20`. */
export function formatHash(settings: Settings, info: ModelInfo): string {
  const written = Object.entries(FIELDS).map(([key, field]) => [key, field.write(settings, info)] as const);
  const kept = written.filter(([, text]) => text !== null);
  return `#${kept.map(([key, text]) => `${key}=${encodeURIComponent(text!).replaceAll('%2B', '+')}`).join('&')}`;
}

export interface ParsedHash {
  settings: Settings;
  /** What was not understood, in sentences. */
  notes: string[];
}

/** An address of more characters than this was not written by `formatHash`, and is not read. */
const MAX_LENGTH = 20_000;
/** Of an address that is wrong throughout, so many mistakes are told, and of the others their number. */
const MAX_NOTES = 20;

/**
 * Reads what `formatHash` wrote, or a person: what is missing or wrong is the model's default. An address without settings
 * is the example that the lab opens on.
 */
export function parseHash(hash: string, info: ModelInfo): ParsedHash {
  if (/^#?$/.test(hash)) return { settings: openingSettings(info), notes: [] };
  const settings = defaultSettings(info);
  if (hash.length > MAX_LENGTH) {
    return {
      settings,
      notes: [
        `The address has ${hash.length} characters of settings; it may have ${MAX_LENGTH}. The defaults are used.`,
      ],
    };
  }
  const notes: string[] = [];
  const asked = new Set<string>();
  for (const pair of hash.replace(/^#/, '').split('&')) {
    if (pair === '') continue;
    const [key, text] = splitPair(pair);
    const field = Object.hasOwn(FIELDS, key) ? FIELDS[key]! : null;
    const read = field?.read(text, info);
    if (!field) {
      const meant = nearestWord(Object.keys(FIELDS), key);
      notes.push(`The address names a setting "${key}", which does not exist; did you mean "${meant}"?`);
    } else if (!read) {
      const expected = sentence(field.expected(info, text));
      notes.push(`The address asks for ${key} "${text}"; it must be ${expected} The default is used.`);
    } else {
      const problems = field.problems?.(text, info) ?? [];
      notes.push(...problems.map((problem) => `The address is wrong at ${key}: ${problem}. This is left out.`));
      Object.assign(settings, read);
      asked.add(key);
    }
  }
  return { settings, notes: firstOf([...notes, ...contradictions(settings, asked, info)]) };
}

function firstOf(notes: readonly string[]): string[] {
  const numMore = notes.length - MAX_NOTES;
  return [...notes.slice(0, MAX_NOTES), ...(numMore > 0 ? [`… and ${numMore} more like these.`] : [])];
}

/** With a full stop, unless it is a question already. */
function sentence(text: string): string {
  return text.endsWith('?') ? text : `${text}.`;
}

/** What the address asks for that does not go together; the controls would leave it out without a word. */
function contradictions(settings: Settings, asked: ReadonlySet<string>, info: ModelInfo): string[] {
  const { label, seed, sampler, numInferenceSteps, eta } = settings;
  const checked = checkRecipe({ label, seed, sampler, numInferenceSteps, ...(asked.has('eta') && { eta }) }, info);
  if ('recipe' in checked) return [];
  return checked.problems.map(({ message }) => `The address contradicts itself: ${message}. It is left out.`);
}

/** The decimal number that a text writes, as `String` writes it, too; NaN where it writes none, such as `0x10`. */
function decimalOf(text: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}

function splitPair(pair: string): [key: string, text: string] {
  const [key = '', ...rest] = pair.split('=');
  return [decoded(key), decoded(rest.join('='))];
}

/** A text that is no proper escape stays as it is, to be refused. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
