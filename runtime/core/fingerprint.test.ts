import { expect, it } from 'vitest';
import { fingerprint } from './fingerprint.ts';
import { integers } from './random.ts';

it('is 32 hexadecimal digits, the same for the same bytes', () => {
  const bytes = Uint8Array.from(integers(1, 0, 4096, 256));
  expect(fingerprint(bytes)).toMatch(/^[0-9a-f]{32}$/);
  expect(fingerprint(bytes.slice())).toBe(fingerprint(bytes));
});

it('is another for each bit, place, order and length', () => {
  const bytes = Uint8Array.from(integers(1, 0, 37, 256));
  const flipped = Array.from({ length: 8 * bytes.length }, (_, bit) =>
    bytes.map((value, i) => (i === bit >> 3 ? value ^ (1 << (bit & 7)) : value)),
  );
  const lengths = Array.from({ length: 20 }, (_, length) => new Uint8Array(length));
  const all = [bytes, bytes.toReversed(), ...flipped, ...lengths];
  expect(new Set(all.map(fingerprint)).size).toBe(all.length);
});

it('changes about half of its bits with one bit of its bytes', () => {
  const bitsOf = (bytes: Uint8Array) =>
    [...fingerprint(bytes)].flatMap((digit) => [...Number.parseInt(digit, 16).toString(2).padStart(4, '0')]);
  const plain = bitsOf(new Uint8Array(64));
  for (let at = 0; at < 64; at += 7) {
    const changed = bitsOf(new Uint8Array(64).fill(1, at, at + 1));
    const numChanged = changed.filter((bit, i) => bit !== plain[i]).length;
    expect(numChanged).toBeGreaterThan(32);
    expect(numChanged).toBeLessThan(96);
  }
});
