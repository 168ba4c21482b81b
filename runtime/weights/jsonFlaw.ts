const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);

/**
 * Finds what JSON.parse would hide or choke on: an object that holds a key twice (JSON.parse keeps the last), and nesting
 * deeper than a legitimate file has. Text that is no JSON at all is left to JSON.parse.
 */
export function findJsonFlaw(json: string, maxDepth: number): string | undefined {
  const keys: Set<string>[] = [];
  for (let i = 0; i < json.length; i++) {
    const char = json[i];
    if (char === '{' || char === '[') {
      keys.push(new Set());
      if (keys.length > maxDepth) return `is nested deeper than ${maxDepth} levels`;
    } else if (char === '}' || char === ']') {
      keys.pop();
    } else if (char === '"') {
      const end = endOfString(json, i);
      const literal = json.slice(i, end);
      i = end - 1;
      if (!isKey(json, end)) continue;
      const key = unescapeLiteral(literal);
      if (keys.at(-1)?.has(key)) return `holds the name ${literal.slice(0, 80)} twice`;
      keys.at(-1)?.add(key);
    }
  }
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
