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

/** What somebody of this seed says when spoken to. */
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

/** What there is to say about a thing of this seed. */
export function remarkOn(seed: number): string {
  return REMARKS[seed % REMARKS.length]!;
}
