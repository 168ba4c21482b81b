import * as v from 'valibot';
import { MAX_MESSAGE_LENGTH, shortened } from '../../runtime/core/errors.ts';
import { nearestWord } from '../../runtime/core/nearestWord.ts';
import { SAMPLING_ENTRIES } from '../../runtime/recipe/schema.ts';
import type { BakeAsset } from '../bake/bakeFileSchema.ts';
import { hashJson } from '../bake/bakePlan.ts';
import { BLEND_FORM, blendFromText } from '../bake/blendText.ts';
import { ATTRIBUTES_FORM, attributesFromText, variedNames } from '../bake/combinations.ts';
import { UsageError } from '../node/usageError.ts';

/** What an import such as `figment:portraits/elf?seed=7` asks for: one picture, one file. */
export interface ImportRequest {
  asset: BakeAsset;
  /** Below the cache folder. */
  path: string;
  /** The folder of the model where it is the project's own, as the plugin's options have it; else null. */
  ownModel: string | null;
}

const number = v.pipe(v.string(), v.regex(/^-?\d+(\.\d+)?$/, 'expected a number'), v.transform(Number));

/** A library's script may ask for no file and no address: those are the project's to name. */
const SHIPPED_NAME = /^[\w-]+$/;

/** An address holds texts alone; these entries of a recipe are no numbers. */
const FORMS: Record<string, v.GenericSchema<string, unknown>> = {
  pipeline: v.string(),
  sampler: v.string(),
  classifier: v.pipe(v.string(), v.regex(SHIPPED_NAME, 'expected a shipped classifier')),
  classifierLabel: v.string(),
  guidanceInterval: v.pipe(
    v.string(),
    v.regex(/^\d+,\d+$/, 'expected two timesteps, such as 200,800'),
    v.transform((text) => text.split(',').map(Number)),
  ),
  keepAlpha: v.pipe(
    v.picklist(['true', 'false'], 'expected true or false'),
    v.transform((text) => text === 'true'),
  ),
};

const attributes = v.pipe(
  v.string(),
  v.transform((text) => attributesFromText(text)),
  v.check((asked) => asked !== undefined && variedNames(asked).length === 0, `expected ${ATTRIBUTES_FORM}`),
);

const blend = v.pipe(
  v.string(),
  v.transform(blendFromText),
  v.check((asked) => asked !== undefined, `expected ${BLEND_FORM}`),
);

/** Ranges, and what goes together, are checked where every recipe is. */
const PARAMETERS = v.strictObject({
  seed: v.optional(number),
  with: v.optional(attributes),
  blend: v.optional(blend),
  sameAs: v.optional(attributes),
  sameFor: v.optional(number),
  map: v.optional(v.string()),
  enlarge: v.optional(number),
  interpolateSeed: v.optional(number),
  interpolateAmount: v.optional(number),
  ...Object.fromEntries(Object.keys(SAMPLING_ENTRIES).map((name) => [name, v.optional(FORMS[name] ?? number)])),
});

/**
 * Reads `figment:MODEL/LABEL?seed=7&enlarge=8&map=normal…`. Parameters have the names that they have in a bake file, but for
 * attributes, which are those of the command line: `with=hair_colour=red,expression=happy`.
 *
 * @param models where models of one's own are, by name
 * @throws       UsageError for one that has another form
 */
export function parseImport(specifier: string, models: Readonly<Record<string, string>>): ImportRequest {
  const [, name, label, query = ''] = /^figment:([^/?]+)\/([^/?]+)(?:\?(.*))?$/.exec(specifier) ?? [];
  if (!name || !label) throw wrong(specifier, 'expected figment:MODEL/LABEL?seed=7');
  const parameters = [...new URLSearchParams(query)];
  const repeated = parameters.find(([key], i) => parameters.findIndex(([other]) => other === key) !== i);
  if (repeated) throw wrong(specifier, `${repeated[0]} is there twice`);
  const parsed = v.safeParse(PARAMETERS, Object.fromEntries(parameters));
  if (!parsed.success) throw wrong(specifier, wording(parsed.issues[0]));
  const { seed = 0, with: attributes, map, interpolateSeed, interpolateAmount, ...settings } = parsed.output;
  if ((interpolateSeed === undefined) !== (interpolateAmount === undefined)) {
    throw wrong(specifier, 'interpolateSeed and interpolateAmount go together');
  }
  const interpolation = { seed: interpolateSeed, amount: interpolateAmount };
  const [plainName, plainLabel] = [decoded(specifier, name), decoded(specifier, label)];
  const ownModel = Object.hasOwn(models, plainName) ? models[plainName]! : null;
  if (ownModel === null && !SHIPPED_NAME.test(plainName)) {
    throw wrong(specifier, 'expected a shipped model, or one that the plugin has among its models');
  }
  const asset = {
    model: ownModel ?? plainName,
    labels: [plainLabel],
    seeds: [seed],
    ...settings,
    ...(attributes && { attributes }),
    ...(map === undefined ? {} : { maps: [map] }),
    ...(interpolateSeed === undefined ? {} : { interpolate: interpolation }),
  };
  const hash = hashJson(asset).slice(0, 16);
  const file = `${hash}/${plainLabel.replace(/[^\p{L}\p{N} ._-]/gu, '_')}-${seed}`; // what bundlers take for a query is no part of it
  return { asset: { ...asset, name: hash, output: file } as BakeAsset, path: `${file}.png`, ownModel };
}

function decoded(specifier: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(specifier, `${shortened(text, 80)} is not well encoded; write % as %25`);
  }
}

function wording(issue: v.InferIssue<typeof PARAMETERS>): string {
  const key = String(issue.path?.[0].key);
  if (issue.expected !== 'never') return `${key}: ${issue.message}`;
  const known = Object.keys(PARAMETERS.entries);
  return `${shortened(key, 40)} is unknown; did you mean "${nearestWord(known, key)}"? known: ${known.join(', ')}`;
}

function wrong(specifier: string, problem: string): UsageError {
  return new UsageError(shortened(`import "${shortened(specifier, 120)}": ${problem}`, MAX_MESSAGE_LENGTH));
}
