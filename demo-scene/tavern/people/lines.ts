/** A part of what somebody says, and the face that goes with it: an expression that the model of portraits may know. */
export interface Phrase {
  expression: string;
  text: string;
}

/** Short speeches: each is a list of sentences, with the expression that the speaker has while saying them. */
const LINES: readonly (readonly (readonly [expression: string, text: string])[])[] = [
  [
    ['happy', 'Pull up a stool.'],
    ['grin', 'The stew is nearly honest today.'],
  ],
  [
    ['surprised', 'I was noise a moment ago.'],
    ['happy', 'Look at me now.'],
  ],
  [
    ['neutral', 'They say the next one through that door'],
    ['surprised', 'is already a number.'],
  ],
  [
    ['neutral', 'Same seed, same face.'],
    ['happy', 'You will know me anywhere.'],
  ],
  [
    ['angry', 'Do not stare.'],
    ['grin', 'It took four steps to get my hair right.'],
  ],
  [
    ['sad', 'If you mean to reroll me,'],
    ['happy', 'at least finish your drink first.'],
  ],
  [
    ['happy', 'I have a cousin, one seed up.'],
    ['angry', 'We do not speak of him.'],
  ],
  [
    ['sad', 'No road led me here.'],
    ['happy', 'I was painted where you see me.'],
  ],
];

/** What a person of this seed says: first, or after so many other lines. */
export function lineOf(seed: number, numBefore = 0): readonly Phrase[] {
  const line = LINES[(seed + numBefore) % LINES.length]!;
  return line.map(([expression, text]) => ({ expression, text }));
}

/** All of a line, in quotation marks. */
export function spoken(line: readonly Phrase[]): string {
  return `“${line.map(({ text }) => text).join(' ')}”`;
}
