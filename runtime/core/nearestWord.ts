/** Only so many letters of a word, and so many words, are compared, so that hostile input takes no more than a moment. */
const MAX_LENGTH = 60;
const MAX_WORDS = 5_000;

/** With fewer letters than this, too many words begin alike for that to be a hint. */
const MIN_BEGINNING = 3;

/**
 * The first word that goes on from the given one, as `human_female` does from `human`, else the one that takes the fewest
 * single-letter edits to reach; undefined when there is none to choose from.
 */
export function nearestWord(words: readonly string[], word: string): string | undefined {
  const wanted = word.slice(0, MAX_LENGTH);
  const longer = wanted.length < MIN_BEGINNING ? undefined : words.find((candidate) => candidate.startsWith(wanted));
  if (longer !== undefined) return longer;
  let nearest: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of words.slice(0, MAX_WORDS)) {
    const distance = editDistance(candidate.slice(0, MAX_LENGTH), wanted);
    if (distance < least) [nearest, least] = [candidate, distance];
  }
  return nearest;
}

/**
 * The nearest word, where it may be what was meant: it goes on from the given one, or is reached by edits of about a third of the
 * given letters; else undefined.
 */
export function nearWord(words: readonly string[], word: string): string | undefined {
  const nearest = nearestWord(words, word);
  const wanted = word.slice(0, MAX_LENGTH);
  if (nearest === undefined || (wanted.length >= MIN_BEGINNING && nearest.startsWith(wanted))) return nearest;
  const distance = editDistance(nearest.slice(0, MAX_LENGTH), wanted);
  return distance <= Math.ceil(wanted.length / 3) ? nearest : undefined;
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
