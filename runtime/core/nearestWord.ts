/** The word that takes the fewest single-letter edits to reach; undefined when there is none to choose from. */
export function nearestWord(words: readonly string[], word: string): string | undefined {
  const distances = new Map(words.map((candidate) => [candidate, editDistance(candidate, word)]));
  return [...words].sort((a, b) => distances.get(a)! - distances.get(b)!)[0];
}

/** Levenshtein distance: the fewest insertions, deletions and replacements of a letter between two words. */
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
