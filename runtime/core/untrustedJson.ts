import { quote } from './errors.ts';

const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);

/** Throws an error that names the file being read. */
export type Fail = (problem: string) => never;

/** Parses the bytes of a JSON object, and refuses what JSON.parse would let through: see `findJsonFlaw`. */
export function parseUntrustedJson(bytes: Uint8Array, maxDepth: number, fail: Fail): Record<string, unknown> {
  const text = decodeUtf8(bytes, fail);
  const flaw = findJsonFlaw(text, maxDepth);
  if (flaw !== undefined) fail(flaw);
  const value = parse(text, fail);
  return isObject(value) ? value : fail('expected a JSON object');
}

/**
 * Finds what JSON.parse would hide or choke on: an object that holds a name twice (JSON.parse keeps the last), the name
 * `__proto__`, and nesting deeper than a legitimate file has. Text that is no JSON at all is left to JSON.parse.
 */
export function findJsonFlaw(json: string, maxDepth: number): string | undefined {
  const open: Set<string>[] = [];
  for (let i = 0; i < json.length; i++) {
    const char = json[i];
    if (char === '{' || char === '[') {
      open.push(new Set());
      if (open.length > maxDepth) return `expected at most ${maxDepth} levels of nesting`;
    } else if (char === '}' || char === ']') {
      open.pop();
    } else if (char === '"') {
      const end = endOfString(json, i);
      const flaw = isKey(json, end) ? addKey(json.slice(i, end), open.at(-1)) : undefined;
      if (flaw !== undefined) return flaw;
      i = end - 1;
    }
  }
  return undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function decodeUtf8(bytes: Uint8Array, fail: Fail): string {
  try {
    // The copy is for a SharedArrayBuffer, which browsers do not decode.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(new Uint8Array(bytes));
  } catch {
    return fail('expected UTF-8 text');
  }
}

/** A string, which stays as it is and ends with the text at the latest, or a number that is none. */
const STRING_OR_NON_FINITE = /"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?$)|-?Infinity|NaN/gs;

/** Python writes `-Infinity`, which is no JSON (diffusers does so in scheduler_config.json); such a value becomes null. */
function parse(text: string, fail: Fail): unknown {
  try {
    return JSON.parse(text);
  } catch {
    try {
      return JSON.parse(text.replace(STRING_OR_NON_FINITE, (found) => (found[0] === '"' ? found : 'null')));
    } catch {
      return fail('expected JSON');
    }
  }
}

function addKey(literal: string, keys: Set<string> | undefined): string | undefined {
  const key = unescapeLiteral(literal);
  if (key === '__proto__') return 'the name "__proto__" is not allowed';
  if (keys?.has(key)) return `the name ${quote(key)} is used twice`;
  keys?.add(key);
  return undefined;
}

/** The index after the closing quote of the string that opens at `start`. */
function endOfString(json: string, start: number): number {
  let i = start + 1;
  for (let code = json.charCodeAt(i); i < json.length && code !== QUOTE; code = json.charCodeAt(i)) {
    i += code === BACKSLASH ? 2 : 1;
  }
  return Math.min(i + 1, json.length);
}

/** In JSON a string is a key exactly when a colon follows. */
function isKey(json: string, end: number): boolean {
  let i = end;
  while (json[i] === ' ' || json[i] === '\n' || json[i] === '\r' || json[i] === '\t') i++;
  return json[i] === ':';
}

function unescapeLiteral(literal: string): string {
  try {
    return JSON.parse(literal);
  } catch {
    return literal;
  }
}
