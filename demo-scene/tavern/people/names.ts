// Names of people and things, and what people say of things. A name follows from what a picture is made from alone.

/** A person or thing that gets a name: its kind, its seed and its sex decide which. */
interface Named {
  label: string;
  seed: number;
  attributes?: Readonly<Record<string, string | number | undefined>>;
}

type Sex = 'female' | 'male' | 'any';

/** Beginnings of first names that sound like a kind of people; whoever is of no kind here has the usual ones. */
const BEGINNINGS: Readonly<Record<string, readonly string[]>> = {
  usual: ['Al', 'Bra', 'Cor', 'Da', 'El', 'Fen', 'Hal', 'Is', 'Jo', 'Ka', 'Lu', 'Mor', 'Ny', 'Or', 'Per', 'Wil'],
  elven: ['Aer', 'Cael', 'Elar', 'Fael', 'Ilu', 'Lae', 'Mira', 'Nae', 'Sil', 'Thal', 'Vae', 'Yll'],
  rough: ['Bolg', 'Drok', 'Gri', 'Gruk', 'Krag', 'Mog', 'Nag', 'Rok', 'Skab', 'Snag', 'Urz', 'Zog'],
  grave: ['Azra', 'Drusi', 'Ludo', 'Mala', 'Mordi', 'Nosfe', 'Octa', 'Sera', 'Valde', 'Vesper', 'Viso', 'Zilla'],
  furry: ['Bru', 'Fluf', 'Hazel', 'Mis', 'Pad', 'Pip', 'Puck', 'Rusk', 'Tam', 'Tuf', 'Whis', 'Nib'],
  made: ['Axi', 'Brass', 'Cog', 'Deca', 'Hexa', 'Ori', 'Quanta', 'Tik', 'Uni', 'Vox', 'Zeta', 'Volta'],
};

/** Which of them a kind has: the first whose pattern its label fits. */
const PEOPLES: readonly (readonly [kind: RegExp, people: string])[] = [
  [/elf/, 'elven'],
  [/orc|goblin|troll|dragon|lizard/, 'rough'],
  [/vampire|undead|demon/, 'grave'],
  [/folk/, 'furry'],
  [/android|construct|alien/, 'made'],
];

/** The same name for each sex: one place in all three lists, so that who changes the sex still begins alike. */
const ENDINGS: Readonly<Record<Sex, readonly string[]>> = {
  female: ['bina', 'dra', 'fa', 'gara', 'lina', 'munda', 'na', 'rica', 'sa', 'thela', 'wyna', 'zora'],
  male: ['bin', 'dric', 'far', 'gar', 'lin', 'mund', 'nor', 'ric', 'sar', 'thel', 'win', 'zor'],
  any: ['by', 'del', 'fen', 'gael', 'lis', 'mir', 'ny', 'ren', 'say', 'thy', 'wyn', 'zel'],
};

const BYNAMES = ['Ash', 'Black', 'Bram', 'Copper', 'Fern', 'Hearth', 'Moss', 'Night', 'Oak', 'River', 'Stone', 'Thorn'];
const TRADES = ['brook', 'cloak', 'foot', 'hand', 'helm', 'heart', 'lock', 'song', 'step', 'ward', 'well', 'wood'];

/**
 * The name of a person, which fits kind and sex and is always the same: of the same seed the byname stays, whatever else is
 * changed.
 */
export function nameOf(person: Named): string {
  const pick = pickFor(person.seed);
  const byname = `${pick(BYNAMES)}${pick(TRADES)}`;
  const beginnings = BEGINNINGS[PEOPLES.find(([kind]) => kind.test(person.label))?.[1] ?? 'usual']!;
  return `${pick(beginnings)}${pick(ENDINGS[sexOf(person)])} ${byname}`;
}

/** What the attributes say, or else the label itself, such as `human_female`. */
function sexOf({ label, attributes = {} }: Named): Sex {
  const { gender } = attributes;
  if (gender === 'female' || gender === 'male') return gender;
  if (/female|lady/.test(label)) return 'female';
  return /male/.test(label) ? 'male' : 'any';
}

/** The name of a thing; of one seed it is always the same. */
export function nameOfThing({ label, seed }: Named): string {
  const pick = pickFor(seed, label);
  return `The ${pick(BYNAMES)}${pick(TRADES)}`;
}

/** Returns a function that picks from one list after another, always the same for one seed and text. */
function pickFor(seed: number, text = ''): (list: readonly string[]) => string {
  let state = seed ^ 0x9e3779b9;
  for (const letter of text) state = mix(state ^ letter.charCodeAt(0));
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
