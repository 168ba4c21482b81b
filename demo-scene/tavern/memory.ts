/** In front of all names, as other pages of the same address may store things, too. */
const PREFIX = 'figment tavern: ';

/** What was remembered under a name, in this browser; undefined where there is nothing, or storage is closed. */
export function recall(name: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

/** Remembers a value beyond a reload; false where the browser does not allow it. */
export function remember(name: string, value: unknown): boolean {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}
