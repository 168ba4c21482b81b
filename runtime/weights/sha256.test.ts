import { afterEach, expect, it, vi } from 'vitest';
import { sha256Hex } from './sha256.ts';

afterEach(() => vi.unstubAllGlobals());

// FIPS 180-4's examples.
it.each([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
])('hashes "%s"', async (text, expected) => {
  expect(await sha256Hex(new TextEncoder().encode(text))).toBe(expected);
});

it('says what to do where the page is not secure', async () => {
  vi.stubGlobal('crypto', {});
  await expect(sha256Hex(new Uint8Array())).rejects.toThrow('serve the page over https');
});
