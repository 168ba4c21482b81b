import * as v from 'valibot';
import { MAX_MESSAGE_LENGTH, quote, shortened } from '../core/errors.ts';
import { isObject } from '../core/untrustedJson.ts';

/** What a person should know of a file that is read nevertheless: a sentence that names the file. */
export type OnNote = (note: string) => void;

/** A network that others write, too: its files may be of another class, or hold keys that nobody here knows. */
export interface ForeignNetwork {
  /** Its `_class_name`. */
  className: string;
  onNote?: OnNote;
}

/**
 * Checks a network's config.json against a schema of what Figment supports. Keys that start with "_" and keys listed in
 * `ignored` have no influence on the result. Other unknown keys could change it, and are refused in Figment's own networks;
 * in foreign ones they are notes for their owners, and noted, as is dropout, which acts in training alone.
 *
 * @throws Error naming the file and each option that is unsupported or malformed, or the class that it is of
 */
export function parseNetworkConfig<S extends v.ObjectSchema<v.ObjectEntries, undefined>>(
  schema: S,
  ignored: readonly string[],
  json: unknown,
  fileName: string,
  foreign?: ForeignNetwork,
): v.InferOutput<S> {
  if (!isObject(json)) {
    throw new Error(`${fileName}: expected a JSON object with the options of the network`);
  }
  const { _class_name, dropout } = json;
  const { className = _class_name, onNote = () => {} } = foreign ?? {};
  if ((_class_name ?? className) !== className) {
    throw new Error(`${fileName}: it is of a ${quote(_class_name)}; expected a ${className}`);
  }
  const isUnknown = (key: string) =>
    !(key.startsWith('_') || ignored.includes(key) || Object.hasOwn(schema.entries, key));
  const unknown = Object.keys(json).filter(isUnknown);
  const problems = foreign ? [] : unknown.map((key) => `${shortened(key, 80)} is not supported`);
  const result = v.safeParse(schema, json, { abortPipeEarly: true });
  problems.push(...(result.issues ?? []).map(problemOf));
  if (problems.length > 0 || !result.success) {
    throw new Error(shortened(`${fileName}: ${problems.slice(0, MAX_LISTED).join('; ')}`, MAX_MESSAGE_LENGTH));
  }
  for (const key of unknown.slice(0, MAX_LISTED)) {
    if (key !== 'dropout') onNote(`${fileName}: nothing here knows ${quote(key)}; it is passed over`);
    else if (dropout !== 0) onNote(`${fileName}: dropout ${quote(dropout)} is for training alone; it is passed over`);
  }
  return result.output;
}

/** What is wrong with an option, in the schema's own words where it has any: valibot's begin with "Invalid". */
function problemOf(issue: v.BaseIssue<unknown>): string {
  const place = shortened(v.getDotPath(issue) ?? 'the file', 80);
  const { received, message } = issue;
  if (received === 'undefined') return `${place} is missing`;
  if (!message.startsWith('Invalid ')) return `${place}: ${message}`;
  const expected = issue.type === 'integer' ? 'a whole number' : issue.expected;
  return `${place}: ${shortened(received, 80)} is not supported, expected ${expected}`;
}

/** @throws Error where the groups of a network's norms do not divide the channels of each level */
export function checkNormGroups(
  { block_out_channels, norm_num_groups }: { block_out_channels: readonly number[]; norm_num_groups: number },
  fileName: string,
): void {
  for (const channels of block_out_channels) {
    if (channels % norm_num_groups === 0) continue;
    throw new Error(`${fileName}: norm_num_groups ${norm_num_groups} does not divide ${channels} channels`);
  }
}

const MAX_LISTED = 20;

/** What no network reaches; a config beyond it would take seconds only to be compared with its weights. */
const MAX_COUNT = 100_000;
const MAX_LAYERS = 64;
const MAX_LEVELS = 16;

/** A positive integer. */
export const Count = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_COUNT));

/** Blocks of one level. */
export const Layers = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_LAYERS));

/** The channels of each level. */
export const Widths = v.pipe(v.array(Count), v.minLength(1), v.maxLength(MAX_LEVELS));

/** Networks compute in float32: there a number such as 1e39 is infinite. */
export const Finite = v.pipe(
  v.number(),
  v.check((value) => Number.isFinite(Math.fround(value)), 'is beyond float32; expected a number below 3.4e38'),
);

/** A number that something is divided by, which float32 does not take for 0. */
export const NotZero = v.pipe(
  Finite,
  v.check((value) => Math.fround(value) !== 0, 'is 0 in float32; expected another number'),
);

/** A standard deviation, or what keeps a norm from dividing by 0. */
export const AboveZero = v.pipe(
  Finite,
  v.check((value) => Math.fround(value) > 0, 'expected a number above 0'),
);

/** An option that Figment supports with one value only, which may also be missing. */
export function only<const T extends string | number | boolean>(value: T) {
  return v.optional(v.literal(value), () => value);
}
