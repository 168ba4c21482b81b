import { expect, it } from 'vitest';
import { fromBase64, MAX_STORED_LENGTH, toBase64, toStoredBase64 } from './base64.ts';

it.each([0, 1, 2, 255, 40_000])('gives %i bytes back', (length) => {
  const bytes = Uint8Array.from({ length }, (_, i) => (i * 7) % 256);
  const text = toBase64(bytes);
  expect(text).toMatch(/^[A-Za-z0-9+/]*=*$/);
  expect(fromBase64(text)).toEqual(bytes);
});

it('is null for a text that is no base64', () => {
  expect(fromBase64('elf!')).toBeNull();
});

it('refuses more text than a model folder is read with', () => {
  const most = (3 * MAX_STORED_LENGTH) / 4;
  expect(toStoredBase64('it', new Uint8Array(most))).toHaveLength(MAX_STORED_LENGTH);
  expect(() => toStoredBase64('it', new Uint8Array(most + 1))).toThrow(
    'it: 1000004 characters; expected at most 1000000, by fewer labels and words',
  );
});
