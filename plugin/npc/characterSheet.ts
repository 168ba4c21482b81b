import {
  type AttributeName,
  type Attributes,
  type AttributeValues,
  assertSeed,
  attributeProblem,
  fingerprint,
  isOpen,
  isRange,
  listed,
  type ModelInfo,
  type ModelWords,
  nearestWord,
  quote,
  SAMPLING_STREAMS,
  uniforms,
  type ValueOfAttribute,
  type Vocabulary,
} from '../../runtime/index.ts';
import { characterByExamples } from './exampleCharacter.ts';
import { labelWeights } from './labelWeights.ts';

/**
 * A character in words: attributes of models, and what is a label to one of them: `{ role: 'guard', kind: 'elf', hair_colour:
 * 'red' }`. A label goes by the name of the attribute that it is to another model, such as `kind`, else by any name.
 */
export type CharacterSheet<
  First extends ModelWords = ModelWords,
  Second extends ModelWords = ModelWords,
> = Attributes & {
  readonly [Name in AttributeName<First> | AttributeName<Second>]?: ValueIn<First, Name> | ValueIn<Second, Name>;
};

/** A value of an attribute, where the model has that attribute. */
type ValueIn<Words extends ModelWords, Name> =
  Name extends AttributeName<Words> ? ValueOfAttribute<Words, Name> : never;

/** What a model is asked for. */
export interface CharacterRequest {
  label: string;
  attributes: Record<string, string | number>;
  /** Names of entries that the model knows nothing of. */
  ignored: string[];
}

/** What a model is asked for when entries of a sheet change: a label where that is another. */
export type CharacterChange = Omit<CharacterRequest, 'label'> & Partial<Pick<CharacterRequest, 'label'>>;

/** What a model has been asked for, such as a recipe. */
export interface CharacterNow {
  label: string;
  attributes?: Attributes;
}

type CharacterModel = Pick<ModelInfo, 'name' | 'labels' | 'attributes' | 'examples'>;

/** A list with one entry for each of the models. */
type ForEach<Models extends readonly CharacterModel[], Entry> = { -readonly [Index in keyof Models]: Entry };

/**
 * What each model is asked for, so that all show the same character. What a model does not know it is not asked for. An
 * attribute that several models know, and a label, is drawn by the seed where the sheet leaves it out: the same for all, from
 * the examples of the model that knows most attributes, so that they go together; evenly where no model has examples. What one
 * model alone knows stays its own choice. An entry that is undefined, or an attribute that is "any", counts as left out.
 *
 * @param seed uint32
 * @throws     RangeError for a name or value that no model knows, with the nearest, or another seed
 */
export function characterRequests<const Models extends readonly CharacterModel[]>(
  sheet: CharacterSheet,
  models: Models,
  seed: number,
): ForEach<Models, CharacterRequest> {
  assertSeed('createNpc', seed);
  return requestsOf(askedEntries(sheet, models), models, seed) as ForEach<Models, CharacterRequest>;
}

/** The entries of a sheet that ask for a value, without those that are undefined or "any". */
function askedEntries(sheet: CharacterSheet, models: readonly CharacterModel[]): CharacterSheet {
  return filtered(
    sheet,
    (name, value) =>
      value !== undefined &&
      !models.some(({ attributes = {} }) => Object.hasOwn(attributes, name) && isOpen(attributes[name]!, value)),
  );
}

const filtered = (sheet: CharacterSheet, isKept: (name: string, value: unknown) => boolean): CharacterSheet =>
  Object.fromEntries(Object.entries(sheet).filter(([name, value]) => isKept(name, value)));

/** The same of a sheet whose entries all ask for something. */
function requestsOf(sheet: CharacterSheet, models: readonly CharacterModel[], seed: number): CharacterRequest[] {
  const labelNames = models.map((model) => labelNameOf(sheet, model, models));
  checkKnown(sheet, models, labelNames);
  const drawn = drawnAttributes(sheet, models, labelNames, seed);
  const words = { ...drawn, ...wordsByExamples(sheet, models, labelNames, seed), ...sheet };
  return models.map((model, i): CharacterRequest => {
    const { label, attributes, ignored } = partOf(words, model, labelNames[i]!);
    return {
      label: label ?? drawLabel(model, words, seed),
      attributes,
      ignored: ignored.filter((name) => Object.hasOwn(sheet, name)),
    };
  });
}

/** What a model knows of some words, and what it does not. */
function partOf(words: CharacterSheet, model: CharacterModel, labelName: string): CharacterChange {
  const { labels, attributes: vocabulary = {} } = model;
  const entries = Object.entries(words) as [name: string, value: string | number][];
  const isLabel = ([name, value]: (typeof entries)[number]) => name === labelName && labels.includes(String(value));
  const isKnown = ([name, value]: (typeof entries)[number]) => attributeProblem(vocabulary, name, value) === undefined;
  const [label] = entries.filter(isLabel);
  const others = entries.filter((entry) => !isLabel(entry) && !isKnown(entry));
  return {
    ...(label && { label: String(label[1]) }),
    attributes: Object.fromEntries(entries.filter(isKnown)),
    ignored: others.map(([name]) => name),
  };
}

/**
 * Tells what each model is asked for when some entries of a sheet change. An attribute that becomes open is drawn where several
 * models know it.
 *
 * @param now  what they have been asked for
 * @param seed that of the character
 * @throws     as `characterRequests`
 */
export function characterChanges<const Models extends readonly CharacterModel[]>(
  changes: CharacterSheet,
  models: Models,
  now: ForEach<Models, CharacterNow>,
  seed: number,
): ForEach<Models, CharacterChange> {
  const asked = askedEntries(changes, models);
  const labelNames = models.map((model) => labelNameOf(asked, model, models));
  const isAttribute = (name: string) => models.some(({ attributes = {} }) => Object.hasOwn(attributes, name));
  const stated = filtered(changes, (name, value) => value !== undefined || isAttribute(name));
  checkKnown(stated, models, labelNames);
  const words = { ...stated, ...drawnAgain(stated, asked, models, labelNames, now, seed) };
  return models.map((model, i) => partOf(words, model, labelNames[i]!)) as ForEach<Models, CharacterChange>;
}

/**
 * Draws attributes that changes leave open ("any") and that several models know, as for a new sheet with all other words of the character.
 *
 * @returns the drawn values by name
 */
function drawnAgain(
  stated: CharacterSheet,
  asked: CharacterSheet,
  models: readonly CharacterModel[],
  labelNames: readonly string[],
  now: readonly CharacterNow[],
  seed: number,
): CharacterSheet {
  const open = Object.keys(stated).filter((name) => !Object.hasOwn(asked, name));
  const before = now.map(({ label, attributes }, i) => ({ ...attributes, [labelNames[i]!]: label }));
  const words = askedEntries(Object.assign({}, ...before, asked), models);
  const rest = filtered(words, (name) => !open.includes(name));
  const drawn = open[0] ? requestsOf(rest, models, seed) : [];
  return filtered(Object.assign({}, ...drawn.map(({ attributes }) => attributes)), (name) => open.includes(name));
}

/** The entry that is the model's label: one whose values elsewhere are its labels, or one that names one of them. */
function labelNameOf(sheet: CharacterSheet, model: CharacterModel, models: readonly CharacterModel[]): string {
  const { labels, attributes: own = {} } = model;
  const elsewhere = models.flatMap(({ attributes = {} }) => Object.entries(attributes));
  const isLabels = (values: AttributeValues) => !isRange(values) && labels.every((label) => values.includes(label));
  const shared = elsewhere.find(([name, values]) => !Object.hasOwn(own, name) && isLabels(values));
  if (shared) return shared[0];
  const names = Object.keys(sheet).filter((name) => !elsewhere.some(([known]) => known === name));
  return names.find((name) => labels.includes(String(sheet[name]))) ?? 'label';
}

function checkKnown(sheet: CharacterSheet, models: readonly CharacterModel[], labelNames: readonly string[]): void {
  for (const [name, value] of Object.entries(sheet)) {
    const takesLabel = models.some(({ labels }, i) => labelNames[i] === name && labels.includes(String(value)));
    const problems = models.map(({ attributes = {} }) => attributeProblem(attributes, name, value));
    if (takesLabel || problems.includes(undefined)) continue;
    const knowing = models.findIndex(({ attributes = {} }) => Object.hasOwn(attributes, name));
    if (knowing >= 0) throw new RangeError(`createNpc: ${problems[knowing]}`);
    const labelled = models.find((_, i) => labelNames[i] === name);
    if (labelled) {
      const nearest = nearestWord(labelled.labels, String(value));
      throw new RangeError(
        `createNpc: ${labelled.name} has no label ${quote(String(value))}; did you mean "${nearest}"? known labels: ${listed(labelled.labels)}`,
      );
    }
    throw new RangeError(`createNpc: ${unknownEntry(name, value!, models, labelNames)}`);
  }
}

/** An entry may be a label, so that either its name is wrong, or its value; the name alone where that attribute has the value. */
function unknownEntry(
  name: string,
  value: string | number,
  models: readonly CharacterModel[],
  labelNames: readonly string[],
): string {
  const word = String(value);
  const owner = models.findIndex((model) => model.labels.includes(word));
  if (owner >= 0) {
    const label = `the label ${quote(word)} of ${models[owner]!.name}`;
    return `${quote(name)} is unknown; ${label} goes by the name ${quote(labelNames[owner]!)}`;
  }
  const names = [...new Set(models.flatMap(({ attributes = {} }) => Object.keys(attributes)))];
  const labels = [...new Set(models.flatMap((model) => model.labels))];
  const known = models.map((model) => model.name).join(' and ');
  const takesValue = (entry: string) =>
    models.some(({ attributes = {} }) => !attributeProblem(attributes, entry, value));
  const [nearest, taking] = [nearestWord(names, name), nearestWord(names.filter(takesValue), name)];
  const isAttribute = taking !== undefined && (taking === nearest || taking.startsWith(name));
  const meant = isAttribute ? `"${taking}"` : `"${nearest}", or the label "${nearestWord(labels, word)}"`;
  const all = `known labels: ${listed(labels)}; known attributes: ${listed(names)}`;
  return `${known} know nothing of ${quote(name)}, and have no label ${quote(word)}; did you mean ${meant}? ${all}`;
}

/**
 * The label and the attributes that the examples of the model with most attributes decide on; of the attributes those alone that
 * another model knows, too.
 */
function wordsByExamples(
  sheet: CharacterSheet,
  models: readonly CharacterModel[],
  labelNames: readonly string[],
  seed: number,
): Record<string, string | number> {
  const numAttributes = ({ attributes = {} }: CharacterModel) => Object.keys(attributes).length;
  const [lead] = models.filter(({ examples }) => examples).sort((a, b) => numAttributes(b) - numAttributes(a));
  if (!lead?.examples) return {};
  const { labels, attributes = {}, examples } = lead;
  const labelName = labelNames[models.indexOf(lead)]!;
  const given = String(sheet[labelName]);
  const label = labels.includes(given) ? given : drawLabel(lead, sheet, seed);
  const others = vocabulariesOf(models, labelNames).filter((_, i) => models[i] !== lead);
  const isKnownToAll = (name: string, value: string | number) =>
    others.every((known) => !Object.hasOwn(known, name) || !attributeProblem(known, name, value));
  const words = characterByExamples({ labels, attributes, examples, label, asked: sheet, isKnownToAll }, seed);
  const isShared = (name: string) => others.some((known) => Object.hasOwn(known, name));
  return { ...Object.fromEntries(Object.entries(words).filter(([name]) => isShared(name))), [labelName]: label };
}

/** What the sheet leaves out and several models know. */
function drawnAttributes(
  sheet: CharacterSheet,
  models: readonly CharacterModel[],
  labelNames: readonly string[],
  seed: number,
): Record<string, string | number> {
  const vocabularies = vocabulariesOf(models, labelNames);
  const drawn: Record<string, string | number> = {};
  for (const name of new Set(vocabularies.flatMap((vocabulary) => Object.keys(vocabulary)))) {
    const values = vocabularies.flatMap((vocabulary) => (Object.hasOwn(vocabulary, name) ? [vocabulary[name]!] : []));
    if (Object.hasOwn(sheet, name) || values.length < 2) continue;
    const value = drawShared(values, seed, name);
    if (value !== undefined) drawn[name] = value;
  }
  return drawn;
}

/** The attributes of each model, its labels among them. */
function vocabulariesOf(models: readonly CharacterModel[], labelNames: readonly string[]): Vocabulary[] {
  return models.map(({ labels, attributes }, i) => ({ ...attributes, [labelNames[i]!]: labels }));
}

/** A value that is one to all; undefined where there is none. */
function drawShared(values: readonly AttributeValues[], seed: number, name: string): string | number | undefined {
  const ranges = values.filter(isRange);
  if (ranges.length === values.length) {
    const min = Math.max(...ranges.map((range) => range.min));
    const max = Math.min(...ranges.map((range) => range.max));
    return min <= max ? min + (max - min) * share(seed, name) : undefined;
  }
  if (ranges.length > 0) return undefined;
  const [first, ...others] = values as readonly (readonly string[])[];
  const shared = first!.filter((word) => others.every((words) => words.includes(word)));
  return shared.length > 0 ? draw(shared, seed, name) : undefined;
}

const NONE = 'none';

/** One of the words; `none` as often as all others together, since few have horns and a beard and glasses. */
function draw(words: readonly string[], seed: number, name: string): string {
  const others = words.filter((word) => word !== NONE);
  const at = share(seed, name) * (others.length < words.length ? 2 : 1);
  return others[Math.floor(at * others.length)] ?? NONE;
}

/** Draws a label that suits the words of a sheet, by the model's examples; without examples every label is as likely. */
function drawLabel({ name, labels, attributes = {}, examples }: CharacterModel, words: CharacterSheet, seed: number) {
  const weights = examples ? labelWeights({ labels, attributes, examples }, words) : labels.map(() => 1);
  let left = share(seed, `label ${name}`) * weights.reduce((a, b) => a + b, 0);
  const drawn = weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  return labels[drawn] ?? labels.at(-1)!;
}

/** A number from 0 to less than 1, which depends on the seed and the name alone. */
function share(seed: number, name: string): number {
  const hash = Number.parseInt(fingerprint(new TextEncoder().encode(name)).slice(0, 7), 16);
  return uniforms(seed, SAMPLING_STREAMS.character.first + hash, 1)[0]!;
}
