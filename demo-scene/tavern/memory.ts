/** Stands before all names, because other pages of the same site may store things too. */
const PREFIX = 'figment tavern: ';

/** The value that this browser remembers under a name; undefined where there is none or storage is not allowed. */
export function recall(name: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

/** Remembers a value beyond a reload. @returns false where the browser does not allow it */
export function remember(name: string, value: unknown): boolean {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}
