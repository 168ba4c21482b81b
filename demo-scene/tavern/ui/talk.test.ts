import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Sitter } from '../people/sitter.ts';
import { Talk } from './talk.ts';

const line = {
  textContent: '',
  replaceChildren(said: string) {
    line.textContent = said;
  },
};

beforeEach(() => vi.stubGlobal('document', { querySelector: () => line, createElement: () => ({}) }));
afterEach(() => vi.unstubAllGlobals());

it('leaves the card to the next one at once, also where motion is to be reduced', async () => {
  vi.stubGlobal('matchMedia', () => ({ matches: true }));
  const speaker = (words: string) =>
    ({ recipe: { label: 'elf', seed: 0 }, words, expressAsync: async () => {} }) as unknown as Sitter;
  const [talk, first, next] = [new Talk(), speaker('Good evening.'), speaker('And to you.')];
  talk.show(first);
  const speaking = talk.speakAsync(first);
  await expect.poll(() => line.textContent).toMatch(/^“Pull up a stool\./);
  await talk.stop();
  talk.show(next);
  await speaking;
  expect(line.textContent).toBe('And to you.');
});

it('makes the faces of a line ahead, until nobody listens', async () => {
  const signals: AbortSignal[] = [];
  const generatePixelsAsync = ({ signal }: { signal: AbortSignal }) => {
    signals.push(signal);
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  };
  const info = { attributes: { expression: ['happy', 'grin'] } };
  const sitter = {
    recipe: { label: 'elf', seed: 0 },
    artist: { generator: { info, generatePixelsAsync } },
    expressAsync: async () => {},
  } as unknown as Sitter;
  const attention = new AbortController();
  const { ready, first } = new Talk().prepare(sitter, -1, attention.signal);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
  attention.abort();
  await first;
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  expect(ready.size).toBe(0);
});
