import { checkRecipe, type ModelInfo } from '../../plugin/index.ts';
import {
  ANY_WORD,
  type Attributes,
  attributeProblem,
  isRange,
  mixesLabels,
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
  expected(info: ModelInfo): string;
}

const FIELDS: Readonly<Record<string, Field>> = {
  label: labelField('label'),
  blend: mixed(labelField('blendLabel', isBlended)),
  share: mixed(numberField('blendAmount', isBlended)),
  with: {
    write: ({ attributes }) => writeAttributes(attributes),
    read: (text, info) => {
      const attributes = readAttributes(text, info);
      return attributes && Object.values(attributes).every((value) => value !== ANY_WORD) ? { attributes } : null;
    },
    expected: expectedAttributes,
  },
  as: {
    write: (settings) => writeAttributes(changedOf(settings)),
    read: (text, info) => {
      const sameAs = readAttributes(text, info);
      return sameAs && { sameAs };
    },
    expected: expectedAttributes,
  },
  compare: {
    write: ({ compared }, info) => (compared === '' || compared === defaultSettings(info).compared ? null : compared),
    read: (text, { attributes = {} }) => (Object.hasOwn(attributes, text) ? { compared: text } : null),
    expected: ({ attributes = {} }) => `one of ${Object.keys(attributes).join(', ') || 'none'}`,
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
    expected: ({ labels }) => `one of ${labels.join(', ')}`,
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
    expected: (info) => (isKnown(info) ? field.expected(info) : `left out: ${reason}`),
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
      .map((pair) => pair.map(escaped).join('='))
      .join() || null
  );
}

/** A name or word within a list of attributes, without the signs that part them. */
function escaped(text: string | number): string {
  return String(text).replace(/[%,=]/g, encodeURIComponent);
}

function readAttributes(text: string, { attributes: vocabulary = {} }: ModelInfo): Attributes | null {
  const attributes: Record<string, string | number> = {};
  for (const pair of text.split(',')) {
    const [name, value] = splitPair(pair);
    const values = Object.hasOwn(vocabulary, name) ? vocabulary[name]! : [];
    const read = isRange(values) && value !== ANY_WORD ? decimalOf(value) : value;
    const isAny = read === ANY_WORD && Object.hasOwn(vocabulary, name);
    if (!isAny && attributeProblem(vocabulary, name, read)) return null;
    attributes[name] = read;
  }
  return attributes;
}

function expectedAttributes({ attributes = {} }: ModelInfo): string {
  const names = Object.keys(attributes);
  if (names.length === 0) return 'left out: this model has no attributes';
  return `attributes and their values, such as ${exampleOf(attributes)}; there are ${names.join(', ')}`;
}

function exampleOf(vocabulary: Vocabulary): string {
  const shown = Object.entries(vocabulary).slice(0, 2);
  return writeAttributes(
    Object.fromEntries(shown.map(([name, values]) => [name, isRange(values) ? values.max : values[0]!])),
  )!;
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

/**
 * Reads what `formatHash` wrote, or a person: what is missing or wrong is the model's default. An address without settings
 * is the example that the lab opens on.
 */
export function parseHash(hash: string, info: ModelInfo): ParsedHash {
  if (/^#?$/.test(hash)) return { settings: openingSettings(info), notes: [] };
  const settings = defaultSettings(info);
  const notes: string[] = [];
  const asked = new Set<string>();
  for (const pair of hash.replace(/^#/, '').split('&')) {
    if (pair === '') continue;
    const [key, text] = splitPair(pair);
    const field = Object.hasOwn(FIELDS, key) ? FIELDS[key]! : null;
    const read = field?.read(text, info);
    if (!field) notes.push(`The address names a setting "${key}", which does not exist.`);
    else if (read) Object.assign(settings, read);
    if (read) asked.add(key);
    else if (field)
      notes.push(`The address asks for ${key} "${text}"; it must be ${field.expected(info)}. The default is used.`);
  }
  return { settings, notes: [...notes, ...contradictions(settings, asked, info)] };
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
