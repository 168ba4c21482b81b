import { expect, it } from 'vitest';
import { fromBase64, toBase64 } from './base64.ts';

it.each([0, 1, 2, 255, 40_000])('gives %i bytes back', (length) => {
  const bytes = Uint8Array.from({ length }, (_, i) => (i * 7) % 256);
  const text = toBase64(bytes);
  expect(text).toMatch(/^[A-Za-z0-9+/]*=*$/);
  expect(fromBase64(text)).toEqual(bytes);
});

it('is null for a text that is no base64', () => {
  expect(fromBase64('elf!')).toBeNull();
});
