import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { resolveReference } from './renderChapter.ts';

const SOURCE = `// A file.
const LIMIT = 3;

export async function* first<T>(
  a: T,
  b: number,
): AsyncGenerator<T> {
  if (b > LIMIT) {
    yield a;
  }
}

const second = (
  x: number,
) => x + 1;

function firstborn() {}

export class Third {
  method() {
    return 1;
  }
}
`;

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'figment-reference-'));
  writeFileSync(join(root, 'a.ts'), SOURCE);
});
afterAll(() => rmSync(root, { recursive: true }));

it.each([
  ['LIMIT', 2, 'const LIMIT = 3;'],
  ['first', 4, SOURCE.split('\n').slice(3, 11).join('\n')],
  ['second', 13, 'const second = (\n  x: number,\n) => x + 1;'],
  ['firstborn', 17, 'function firstborn() {}'],
  ['Third', 19, SOURCE.split('\n').slice(18, 23).join('\n')],
])('finds %s with its line and its code', (name, line, code) => {
  expect(resolveReference(`a.ts#${name}`, root)).toEqual({ file: 'a.ts', name, line, code });
});

it.each(['a.ts#fourth', 'a.ts#method', 'a.ts', 'b.ts#first', 'a.ts#fir'])('does not find %s', (text) => {
  expect(() => resolveReference(text, root)).toThrow(/^guide: /);
});
