const FIRST = ['Al', 'Bra', 'Cor', 'Da', 'El', 'Fen', 'Gri', 'Hal', 'Is', 'Jo', 'Ka', 'Lu', 'Mor', 'Ny', 'Or', 'Per'];
const MIDDLE = ['', '', '', '', 'a', 'e', 'i', 'li', 'ra', 'do'];
const LAST = ['bin', 'dra', 'fa', 'gar', 'lin', 'mund', 'na', 'ric', 'sa', 'thel', 'wyn', 'zor'];
const BYNAMES = ['Ash', 'Black', 'Bram', 'Copper', 'Fern', 'Hearth', 'Moss', 'Night', 'Oak', 'River', 'Stone', 'Thorn'];
const TRADES = ['beard', 'brook', 'cloak', 'foot', 'hand', 'helm', 'heart', 'song', 'step', 'ward'];

/** The name of who was painted from this label and seed: always the same. */
export function nameOf(label: string, seed: number): string {
  const pick = pickFor(label, seed);
  return `${pick(FIRST)}${pick(MIDDLE)}${pick(LAST)} ${pick(BYNAMES)}${pick(TRADES)}`;
}

/** The name of a thing that was painted from this label and seed. */
export function nameOfThing(label: string, seed: number): string {
  const pick = pickFor(label, seed);
  return `The ${pick(BYNAMES)}${pick(TRADES)}`;
}

/** Picks from one list after the other. */
function pickFor(label: string, seed: number): (list: readonly string[]) => string {
  let state = seed ^ 0x9e3779b9;
  for (const letter of label) state = mix(state ^ letter.charCodeAt(0));
  return (list) => {
    state = mix(state + 0x6d2b79f5);
    return list[(state >>> 0) % list.length]!;
  };
}

/** A label as people read it: `human_elder` is a human elder. */
export function kindOf(label: string): string {
  return label.replaceAll('_', ' ');
}

/** Scatters the bits of an int32 (the finaliser of MurmurHash3). */
function mix(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
