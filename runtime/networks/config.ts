import * as v from 'valibot';

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
    problems.push(`${key} is not supported`);
  }
  const result = v.safeParse(schema, json);
  for (const issue of result.issues ?? []) {
    problems.push(
      `${v.getDotPath(issue) ?? 'the file'}: ${issue.received} is not supported, expected ${issue.expected}`,
    );
  }
  if (problems.length > 0 || !result.success) throw new Error(`${fileName}: ${problems.join('; ')}`);
  return result.output;
}

/** A positive integer. */
export const Count = v.pipe(v.number(), v.integer(), v.minValue(1));

/** A number that something is divided by. */
export const NotZero = v.pipe(v.number(), v.notValue(0));

/** An option that Figment supports with one value only, which may also be missing. */
export function only<const T extends string | number | boolean>(value: T) {
  return v.optional(v.literal(value), () => value);
}
