import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { BakeFile, withSeed } from './bakeFile.ts';

beforeAll(() => {
  vi.stubGlobal('location', { origin: 'http://localhost:5173' });
});
afterAll(() => {
  vi.unstubAllGlobals();
});

it('takes a seed in the place of another, or besides the others', () => {
  const group = { asset: 'guests', label: 'elf', seeds: [1, 7, 3] };
  expect(withSeed(group, 7, 9)).toEqual({ ...group, seeds: [1, 9, 3] });
  expect(withSeed(group, 7, 3)).toEqual({ ...group, seeds: [1, 3] });
  expect(withSeed(group, 8, 9)).toEqual({ ...group, seeds: [1, 7, 3, 9] });
  expect(withSeed(group, undefined, 1)).toEqual(group);
});

it('says how to start the server where nothing answers', async () => {
  const asked = new BakeFile('http://127.0.0.1:1/').groupsAsync();
  await expect(asked).rejects.toThrow(/nothing answers .* figment pick FILE --port 1 --page http:\/\/localhost:5173$/);
});
