import * as v from 'valibot';
import { MAX_MESSAGE_LENGTH, shortened } from '../core/errors.ts';

/**
 * Checks a network's config.json against a schema of what Figment supports. Keys that start with "_" and keys listed in
 * `ignored` have no influence on the result; every other unknown key is refused, since it could change it.
 *
 * @throws Error naming the file and each option that is unsupported or malformed
 */
export function parseNetworkConfig<S extends v.ObjectSchema<v.ObjectEntries, undefined>>(
  schema: S,
  ignored: readonly string[],
  json: unknown,
  fileName: string,
): v.InferOutput<S> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new Error(`${fileName}: expected a JSON object with the options of the network`);
  }
  const problems: string[] = [];
  for (const key of Object.keys(json)) {
    if (key.startsWith('_') || ignored.includes(key) || Object.hasOwn(schema.entries, key)) continue;
    problems.push(`${shortened(key, 80)} is not supported`);
  }
  const result = v.safeParse(schema, json);
  for (const issue of result.issues ?? []) {
    problems.push(
      `${v.getDotPath(issue) ?? 'the file'}: ${shortened(issue.received, 80)} is not supported, expected ${issue.expected}`,
    );
  }
  if (problems.length > 0 || !result.success) {
    throw new Error(shortened(`${fileName}: ${problems.slice(0, MAX_LISTED).join('; ')}`, MAX_MESSAGE_LENGTH));
  }
  return result.output;
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

/** A number that something is divided by. */
export const NotZero = v.pipe(v.number(), v.notValue(0));

/** An option that Figment supports with one value only, which may also be missing. */
export function only<const T extends string | number | boolean>(value: T) {
  return v.optional(v.literal(value), () => value);
}
