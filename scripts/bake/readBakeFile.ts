import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import {
  createScanner,
  findNodeAtLocation,
  getNodeValue,
  type JSONPath,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import * as v from 'valibot';
import { MAX_MESSAGE_LENGTH, shortened } from '../../runtime/core/errors.ts';
import { decodeText, NO_TEXT, nearestWord } from '../../runtime/index.ts';
import { flawOfName } from '../node/flawOfName.ts';
import { UsageError } from '../node/usageError.ts';
import { BAKE_FILE_SCHEMA, type BakeDescription } from './bakeFileSchema.ts';

/** A bake file that has the right form. */
export interface BakeSource {
  description: BakeDescription;
  /** Paths in the description are relative to it. */
  folder: string;
  /** Whether images may lie anywhere: they were named at the terminal, not by a file. */
  takesAnyImage?: boolean;
  /** The file itself, absolute; absent where a script or the terminal has described what to bake. */
  file?: string;
  /** The file's name, for messages and the manifest. */
  name: string;
  /** Words problems for a person, all at once, with the lines they stand in. */
  fail(problems: Problem[]): never;
}

const MAX_BYTES = 50_000_000;
const MAX_DEPTH = 8;
/** A file that is wrong throughout is told by its first lines. */
const MAX_LISTED = 20;
const MAX_PLACED = 1000;
const LARGE = 500_000;
const MAX_SHOWN_LENGTH = 80;
const NAME_OF_OBJECT = 'figment.bake.json';

/**
 * Reads a bake file: JSON in which comments and trailing commas are allowed.
 *
 * @throws UsageError with a line for each thing that is wrong: line, column, path
 */
export async function readBakeFile(file: string): Promise<BakeSource> {
  return parseBakeFile(await readUtf8(file), file);
}

/** The text of a bake file, whole. @throws UsageError where it is no file, is too long, or is not UTF-8, of which something would be lost */
export async function readUtf8(file: string): Promise<string> {
  const found = await stat(file);
  if (!found.isFile()) throw new UsageError(`${file} is a folder, pipe or device; expected a bake file`);
  if (found.size > MAX_BYTES) throw new UsageError(`${file}: ${found.size} bytes; expected at most ${MAX_BYTES}`);
  const text = decodeText(await readFile(file));
  if (text !== undefined) return text;
  throw new UsageError(`${file}: ${NO_TEXT}`);
}

/** `readBakeFile` for text at hand. */
export function parseBakeFile(text: string, file: string): BakeSource {
  const name = basename(file);
  const tree = parseJson(text, name);
  const source = { folder: dirname(resolve(file)), file: resolve(file), name, fail: failIn(name, text, tree) };
  const repeated = repeatedKeys(tree);
  if (repeated.length > 0) source.fail(repeated);
  return { ...source, description: checkForm(getNodeValue(tree), source.fail, text.length > LARGE) };
}

/** A description that a script made; its paths are relative to the folder. @throws as `readBakeFile`, also for a name that no file can have */
export function describedBake(description: BakeDescription, folder: string, name = NAME_OF_OBJECT): BakeSource {
  const flaw = flawOfName(name);
  if (flaw) throw new UsageError(`bake: name is "${name}": ${flaw}`);
  const fail = failIn('bake', '', undefined);
  return { description: checkForm(description, fail), folder, name, fail };
}

function failIn(name: string, text: string, tree: Node | undefined): (problems: Problem[]) => never {
  return (problems) => {
    throw new UsageError(formatProblems(problems, name, text, tree));
  };
}

function parseJson(text: string, name: string): Node {
  checkDepth(text, name);
  const errors: ParseError[] = [];
  const tree = parseTree(text.replace(/^\uFEFF/, ' '), errors, { allowTrailingComma: true });
  if (errors.length === 0 && tree?.type === 'object') return tree;
  if (errors.length === 0) throw new UsageError(`${name}:1:1: expected a JSON object`);
  const lines = errors.slice(0, MAX_LISTED).map(({ error, offset }) => {
    const problem = printParseErrorCode(error)
      .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
      .toLowerCase();
    return `${name}:${placeOf(text, offset)}: no JSON: ${problem}`;
  });
  throw new UsageError(lines.join('\n'));
}

/**
 * Refuses deep nesting before anything is parsed, since the parser calls itself for each level. A bracket that closes no other
 * of its kind does not count, as the parser passes over it.
 */
function checkDepth(text: string, name: string): void {
  const scanner = createScanner(text, true);
  const ends: string[] = []; // of the lists and objects that are open
  for (scanner.scan(); scanner.getTokenLength() > 0; scanner.scan()) {
    const first = text[scanner.getTokenOffset()]!; // a text begins with its quotation mark
    if (first === '{') ends.push('}');
    else if (first === '[') ends.push(']');
    else if (first === ends.at(-1)) ends.pop();
    if (ends.length > MAX_DEPTH) throw new UsageError(`${name}: expected at most ${MAX_DEPTH} levels of nesting`);
  }
}

/** JSON keeps the last of two equal keys; somebody meant the first. */
function repeatedKeys(node: Node, path: (string | number)[] = []): Problem[] {
  const children = node.children ?? [];
  if (node.type === 'array') return children.flatMap((child, i) => repeatedKeys(child, [...path, i]));
  if (node.type !== 'object') return [];
  const seen = new Set<string>();
  return children.flatMap((property) => {
    const [key, value] = property.children ?? [];
    const name: string = key?.value;
    const inside = value ? repeatedKeys(value, [...path, name]) : [];
    const isRepeated = seen.has(name);
    seen.add(name);
    return isRepeated ? [{ path: [...path, name], message: 'this entry is there twice' }, ...inside] : inside;
  });
}

/** @param isLarge then the first problem is told alone: to find all could take seconds */
function checkForm(value: unknown, fail: (problems: Problem[]) => never, isLarge = false): BakeDescription {
  const result = v.safeParse(BAKE_FILE_SCHEMA, value, { abortEarly: isLarge, abortPipeEarly: true });
  if (result.success) return result.output;
  return fail(result.issues.slice(0, MAX_PLACED).map(problemOf));
}

type Issue = v.InferIssue<typeof BAKE_FILE_SCHEMA>;

function problemOf(issue: Issue): Problem {
  const path = (issue.path ?? []).map(({ key }) => key as string | number);
  return { path, message: wording(issue, path) };
}

function wording({ kind, type, expected, requirement, message, ...issue }: Issue, keys: (string | number)[]): string {
  const received = shortened(receivedOf(issue), MAX_SHOWN_LENGTH);
  if (type === 'strict_object' && expected === 'never') return unknownEntry(String(keys.at(-1)), keys);
  if (type === 'strict_object' && received === 'undefined') return 'this entry is missing';
  if (!message.startsWith('Invalid')) return `${message}, found ${received}`;
  if (type === 'min_length' && requirement === 1) return 'expected at least one';
  if (type === 'max_length') return `expected at most ${requirement} of them`;
  if (type === 'regex') return `expected a colour such as #b13e53, found ${received}`; // there is no other pattern
  if (type === 'integer') return `expected a whole number, found ${received}`;
  if (kind === 'validation') return `expected ${String(expected).replace(/^([<>])=/, '$1= ')}, found ${received}`;
  if (type === 'array') return `expected a list, found ${received}`;
  const words = wordsOf(String(expected));
  const nearest = typeof issue.input === 'string' && type === 'picklist' ? nearestWord(words, received) : undefined;
  return `expected ${words.join(', ')}, found ${received}${nearest === undefined ? '' : `; did you mean ${nearest}?`}`;
}

/** What stands in a place; objects and lists by that word, since they may be long. */
function receivedOf({ input, received }: Pick<Issue, 'input' | 'received'>): string {
  if (typeof input !== 'object' || input === null) return received;
  return Array.isArray(input) ? 'a list' : 'an object';
}

/** valibot writes `("a" | "b")`. */
function wordsOf(expected: string): string[] {
  return expected.replace(/^\((.*)\)$/, '$1').split(' | ');
}

function unknownEntry(key: string, path: (string | number)[]): string {
  if (path[0] === 'defaults' && path.length === 2 && knownEntries(['assets', 0]).includes(key)) {
    return 'there is no default for this entry; it stands in each of the assets';
  }
  const known = knownEntries(path.slice(0, -1));
  const nearest = nearestWord(known, key);
  return `this entry is unknown; ${nearest === undefined ? '' : `did you mean "${nearest}"? `}known: ${known.join(', ')}`;
}

/** The entries of the object at a path, from the schema itself. */
function knownEntries(path: (string | number)[]): string[] {
  let schema: unknown = BAKE_FILE_SCHEMA;
  for (const key of path) {
    const inner = unwrapped(schema);
    schema = typeof key === 'number' ? inner.item : inner.entries?.[key];
  }
  return Object.keys(unwrapped(schema).entries ?? {});
}

interface SchemaParts {
  entries?: Record<string, unknown>;
  item?: unknown;
  wrapped?: unknown;
}

function unwrapped(schema: unknown): SchemaParts {
  const parts = (schema ?? {}) as SchemaParts;
  return parts.wrapped === undefined ? parts : unwrapped(parts.wrapped);
}

/** A mistake in a file: its place, as a path of keys and indices, and what is wrong. */
export interface Problem {
  path: JSONPath;
  message: string;
}

/** `assets[3].seeds[1]` */
function formatPath(path: JSONPath): string {
  const steps = path.map((step) => {
    if (typeof step === 'number') return `[${step}]`;
    const name = shortened(step, MAX_SHOWN_LENGTH);
    return /^[\w$]+$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
  });
  return steps.join('').replace(/^\./, '');
}

/** Line and column of an offset, both from 1. */
export function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/);
  return `${before.length}:${before.at(-1)!.length + 1}`;
}

/**
 * One line a problem: `file:line:column path: message`, in the order of the file; of many the first.
 *
 * @param tree undefined for a description that came as an object: then there are no lines
 */
function formatProblems(problems: Problem[], fileName: string, text: string, tree: Node | undefined): string {
  const placed = problems
    .slice(0, MAX_PLACED)
    .map((problem) => ({ ...problem, offset: tree ? offsetOf(tree, problem.path) : 0 }));
  if (tree) placed.sort((a, b) => a.offset - b.offset);
  const lines = placed.slice(0, MAX_LISTED).map(({ path, message, offset }) => {
    const where = tree ? `${fileName}:${placeOf(text, offset)}` : fileName;
    const place = [where, formatPath(path)].filter((part) => part !== '').join(' ');
    return shortened(`${place}: ${message}`, MAX_MESSAGE_LENGTH);
  });
  if (problems.length > MAX_LISTED) lines.push(`${fileName}: ${problems.length - MAX_LISTED} more like these`);
  return lines.join('\n');
}

/** The offset of the value at a path; where there is none, that of the nearest object or list around it. */
function offsetOf(tree: Node, path: JSONPath): number {
  for (let length = path.length; length > 0; length--) {
    const node = findNodeAtLocation(tree, path.slice(0, length));
    if (node) return node.offset;
  }
  return tree.offset;
}
