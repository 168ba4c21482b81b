/**
 * The class index of a label.
 *
 * @throws RangeError naming the nearest label and all known ones
 */
export function indexOfLabel(labels: readonly string[], label: string): number {
  const index = labels.indexOf(label);
  if (index >= 0) return index;
  const [nearest] = [...labels].sort((a, b) => editDistance(a, label) - editDistance(b, label));
  throw new RangeError(
    `generate: label "${label}" is unknown; did you mean "${nearest}"? known labels: ${labels.join(', ')}`,
  );
}

/** Levenshtein distance: the fewest single-letter edits between two words. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
