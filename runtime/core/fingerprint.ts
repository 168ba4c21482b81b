import { philox4x32 } from './random.ts';

/**
 * A short name for bytes. Different bytes have different names, except by a chance of one in 2^128. Good for keys, but no
 * protection against forgery.
 *
 * Each eight bytes are the key with which Philox turns the state into the next one (Davies–Meyer); the length comes last.
 *
 * @returns 32 hexadecimal digits
 */
export function fingerprint(bytes: Uint8Array): string {
  const state = new Uint32Array(4);
  const next = new Uint32Array(4);
  const absorb = (low: number, high: number) => {
    philox4x32([state[0]!, state[1]!, state[2]!, state[3]!], [low, high], next);
    for (let i = 0; i < 4; i++) state[i] = state[i]! ^ next[i]!;
  };
  const word = (at: number) =>
    ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>>
    0;
  for (let at = 0; at < bytes.length; at += 8) absorb(word(at), word(at + 4));
  absorb(bytes.length, 0);
  return Array.from(state, (value) => value.toString(16).padStart(8, '0')).join('');
}
