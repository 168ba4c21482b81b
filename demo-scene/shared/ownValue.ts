/** What an object itself holds under a name: undefined for a name such as `constructor`, which every object inherits. */
export function ownValue<Value>(values: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
