const FIRST = ['Al', 'Bra', 'Cor', 'Da', 'El', 'Fen', 'Gri', 'Hal', 'Is', 'Jo', 'Ka', 'Lu', 'Mor', 'Ny', 'Or', 'Per'];
const MIDDLE = ['', '', '', '', 'a', 'e', 'i', 'li', 'ra', 'do'];
const LAST = ['bin', 'dra', 'fa', 'gar', 'lin', 'mund', 'na', 'ric', 'sa', 'thel', 'wyn', 'zor'];
const BYNAMES = ['Ash', 'Black', 'Bram', 'Copper', 'Fern', 'Hearth', 'Moss', 'Night', 'Oak', 'River', 'Stone', 'Thorn'];
const TRADES = ['beard', 'brook', 'cloak', 'foot', 'hand', 'helm', 'heart', 'song', 'step', 'ward'];

/** The name of a person painted from this label and seed; it is always the same. */
export function nameOf(label: string, seed: number): string {
  const pick = pickFor(label, seed);
  return `${pick(FIRST)}${pick(MIDDLE)}${pick(LAST)} ${pick(BYNAMES)}${pick(TRADES)}`;
}

/** The name of a thing painted from this label and seed; it is always the same. */
export function nameOfThing(label: string, seed: number): string {
  const pick = pickFor(label, seed);
  return `The ${pick(BYNAMES)}${pick(TRADES)}`;
}

/** Returns a function that picks from one list after another, always the same for one label and seed. */
function pickFor(label: string, seed: number): (list: readonly string[]) => string {
  let state = seed ^ 0x9e3779b9;
  for (const letter of label) state = mix(state ^ letter.charCodeAt(0));
  return (list) => {
    state = mix(state + 0x6d2b79f5);
    return list[(state >>> 0) % list.length]!;
  };
}

/** Scatters the bits of an int32 (the finaliser of MurmurHash3). */
function mix(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

const GREETINGS = [
  'Pull up a stool. The stew is nearly honest today.',
  'I was noise a moment ago. Look at me now.',
  'They say the next one through that door is already a number.',
  'Same seed, same face. You will know me anywhere.',
  'Do not stare. It took twenty steps to get my hair right.',
  'If you mean to reroll me, at least finish your drink first.',
  'I have a cousin, one seed up. We do not speak of him.',
  'No road led me here. I was painted where you see me.',
];

/** What a person of this seed says when spoken to. */
export function greetingOf(seed: number): string {
  return GREETINGS[seed % GREETINGS.length]!;
}

const REMARKS = [
  'It looks a hundred years old. It is younger than this page.',
  'Nobody made it. Somebody asked for it.',
  'There is another just like it, wherever its seed is known.',
  'Still a little warm from the denoising.',
  'The innkeeper swears that it was a blur this morning.',
  'Not for sale. Copies are free.',
];

/** A remark about a thing or a surface of this seed. */
export function remarkOn(seed: number): string {
  return REMARKS[seed % REMARKS.length]!;
}
