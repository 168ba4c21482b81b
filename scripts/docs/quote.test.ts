import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkQuote, updateQuotes } from './quote.ts';

let dir: string;
let file: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'figment-quote-'));
  file = join(dir, 'study.json');
  writeFileSync(
    file,
    JSON.stringify({ cases: { 'w=2': { accuracy: 0.9904, spread: 0.7875, low: -0.25, name: 'x' } } }),
  );
});
afterAll(() => rmSync(dir, { recursive: true }));

it.each([
  ['0.99', 'accuracy'],
  ['99 %', 'accuracy'],
  ['99.0 %', 'accuracy'],
  ['0.787', 'spread'],
  ['1', 'spread'],
  ['−0.25', 'low'],
])('agrees with %s for %s', (text, key) => {
  expect(() => checkQuote(text, file, `cases/w=2/${key}`)).not.toThrow();
});

it.each([
  ['0.98', 'accuracy', /quotes 0.98, but .* has 0.99/],
  ['98 %', 'accuracy', /has 99 %/],
  ['many', 'accuracy', /is no number/],
  ['0.99', 'none', /no number at/],
  ['0.99', 'name', /no number at/],
])('does not agree with %s for %s', (text, key, message) => {
  expect(() => checkQuote(text, file, `cases/w=2/${key}`)).toThrow(message);
});

it('brings quotes up to date, with as many digits, and leaves the rest as it is', () => {
  const at = 'study.json#cases/w=2';
  const text = `A [1 %](${at}/accuracy) and [0.5](${at}/spread), [see](study.json), [8](8.png).`;
  expect(updateQuotes(text, dir)).toBe(
    `A [99 %](${at}/accuracy) and [0.8](${at}/spread), [see](study.json), [8](8.png).`,
  );
});
