// Lets Vitest see at once that two typed arrays are equal: it compares them value by value, which takes seconds for weights.
import { expect } from 'vitest';

expect.addEqualityTesters([haveEqualBytes]);

/** true for two arrays of one type with the same bytes; of all others Vitest is the judge. */
function haveEqualBytes(a: unknown, b: unknown): true | undefined {
  if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b) || a.constructor !== b.constructor) return undefined;
  return Buffer.compare(bytesOf(a), bytesOf(b)) === 0 || undefined;
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
