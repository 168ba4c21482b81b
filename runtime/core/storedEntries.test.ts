// That entries are the same when they are read again is tested beside their readers.
import { expect, it } from 'vitest';
import { MAX_STORED_LENGTH } from './base64.ts';
import { toStoredBase64 } from './storedEntries.ts';

it('refuses more text than a model folder is read with', () => {
  const most = (3 * MAX_STORED_LENGTH) / 4;
  expect(toStoredBase64('it', new Uint8Array(most))).toHaveLength(MAX_STORED_LENGTH);
  expect(() => toStoredBase64('it', new Uint8Array(most + 1))).toThrow(
    'it: 1000004 characters; expected at most 1000000, by fewer labels and words',
  );
});
