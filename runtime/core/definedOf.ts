/** The options that are given: one that is undefined does not take the place of a default. */
export function definedOf<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
