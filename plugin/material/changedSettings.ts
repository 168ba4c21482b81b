// What a game has changed of a material, as a scene file holds it.

/** Fields that are saved separately, or not at all. */
export const OWN_KEYS = /^(name|id|uniqueId|customType)$/;

/** A copy of what JSON holds of it. */
export function plainData(value: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value));
}

/** The settings that differ from `usual`, and the plugins whose settings differ. */
export function changesOf(saved: Record<string, unknown>, usual: Record<string, unknown>): Record<string, unknown> {
  const changed = Object.entries(saved).filter(([key, value]) => {
    return !OWN_KEYS.test(key) && JSON.stringify(value) !== JSON.stringify(usual[key]);
  });
  const changes = Object.fromEntries(changed);
  if (changes.plugins) changes.plugins = changesOf(saved.plugins as typeof saved, usual.plugins as typeof saved);
  return changes;
}
