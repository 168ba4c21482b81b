// How files, texts and values are damaged: some by accident, some by somebody who knows what hurts.
import type { CaseDice } from './caseDice.ts';

/** Values that code tends not to expect. */
const NASTY: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e5,
  1e8,
  2 ** 31,
  2 ** 53,
  1e308,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  '',
  '2',
  'NaN',
  '__proto__',
  'constructor',
  '\u001b[2J\u202e',
  '../../etc/passwd',
  '/'.repeat(50_000),
  '%',
  'x'.repeat(100_000),
  [],
  {},
  [[[[[[[[[]]]]]]]]],
  JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`),
  Array.from({ length: 10_000 }, () => 8),
];

/** One of the nasty values, or the value itself a little otherwise. */
function nastyInsteadOf(dice: CaseDice, value: unknown): unknown {
  if (typeof value === 'number' && dice.happens(0.5)) return value * dice.pick([-1, 0.5, 2, 3, 1000, 1e6]);
  if (typeof value === 'string' && dice.happens(0.3)) return mutateText(dice, value);
  return structuredClone(dice.pick(NASTY));
}

/** JSON data with one to three of its values replaced, left out, renamed or repeated. */
export function mutateJson<Value>(dice: CaseDice, value: Value): unknown {
  const root = { root: structuredClone(value) as unknown };
  const numChanges = 1 + dice.below(3);
  for (let i = 0; i < numChanges; i++) changeOne(dice, root);
  return root.root;
}

function changeOne(dice: CaseDice, root: { root: unknown }): void {
  let parent: Record<string, unknown> = root;
  let key = 'root';
  while (dice.happens(0.75)) {
    const child = parent[key];
    if (typeof child !== 'object' || child === null || ArrayBuffer.isView(child)) break;
    if (Object.keys(child).length === 0) break;
    parent = child as Record<string, unknown>;
    key = dice.pick(Object.keys(parent));
  }
  const kind = dice.below(6);
  if (kind === 0 && !Array.isArray(parent) && parent !== (root as unknown)) delete parent[key];
  else if (kind === 1 && !Array.isArray(parent) && parent !== (root as unknown)) parent[`${key}x`] = parent[key];
  else if (kind === 2 && Array.isArray(parent[key])) (parent[key] as unknown[]).push(nastyInsteadOf(dice, 1));
  else parent[key] = nastyInsteadOf(dice, parent[key]);
}

/** Text with a few characters changed, cut, doubled or put in. */
export function mutateText(dice: CaseDice, text: string): string {
  const at = dice.below(text.length + 1);
  const end = Math.min(text.length, at + 1 + dice.below(8));
  const pieces = [
    '{',
    '}',
    '[',
    '"',
    ',',
    ':',
    '\\',
    '\0',
    'é',
    'NaN',
    '-',
    '9'.repeat(400),
    '/*',
    'null',
    '[['.repeat(50),
  ];
  switch (dice.below(5)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + text.slice(end);
    case 2:
      return text.slice(0, end) + text.slice(at);
    case 3:
      return text.slice(0, at) + dice.pick(pieces) + text.slice(at);
    default:
      return text.slice(0, at) + dice.pick(pieces) + text.slice(end);
  }
}

/** Bytes of which some are flipped, cut off, put in or repeated; most changes are near the beginning, where headers are. */
export function mutateBytes(dice: CaseDice, bytes: Uint8Array): Uint8Array {
  const place = () => dice.below(dice.happens(0.6) ? Math.min(bytes.length, 200) : bytes.length);
  switch (dice.below(5)) {
    case 0:
      return bytes.slice(0, place());
    case 1: {
      const added = Uint8Array.from({ length: 1 + dice.below(64) }, () => dice.below(256));
      const at = place();
      return new Uint8Array([...bytes.subarray(0, at), ...added, ...bytes.subarray(at)]);
    }
    default: {
      const damaged = bytes.slice();
      const numBytes = 1 + dice.below(4);
      for (let i = 0; i < numBytes; i++) damaged[place()] = dice.pick([0, 255, 127, dice.below(256)]);
      return damaged;
    }
  }
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The bytes of a JSON file, damaged as data or as text. */
export function mutateJsonFile(dice: CaseDice, bytes: Uint8Array): Uint8Array {
  const text = decoder.decode(bytes);
  if (dice.happens(0.3)) return encoder.encode(mutateText(dice, text));
  return encoder.encode(JSON.stringify(mutateJson(dice, JSON.parse(text))));
}
